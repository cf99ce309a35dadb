/* export.c - COPY ... TO: the machine's export hooks over the writers of io/. */
#include "api/export.h"

#include "base/str.h"
#include "io/csv_write.h"
#include "vm/vm.h"

struct export_writer {
    struct csv_writer *csv;
    struct memory     *memory;
};

static enum status export_open(struct vm_host *host, const struct export_desc *desc,
                               struct export_writer **out, struct error *err)
{
    struct csv_write_desc csv = {.path = desc->path,
                                 .column_count = desc->column_count,
                                 .names = desc->names,
                                 .option_count = desc->option_count,
                                 .option_names = desc->option_names,
                                 .option_values = desc->option_values};
    struct export_writer *writer = memory_zalloc(host->memory, sizeof *writer);
    enum status           status;

    if (writer == NULL)
        return fail_nomem(err);
    writer->memory = host->memory;
    status = csv_writer_open(&csv, host->memory, &writer->csv, err);
    if (status == STATUS_OK)
        *out = writer;
    else
        memory_free(host->memory, writer, sizeof *writer);
    return status;
}

static enum status export_write(struct export_writer *writer, const struct vector *const *columns,
                                const struct selection *sel, struct error *err)
{
    return csv_writer_write(writer->csv, columns, sel, err);
}

static enum status export_close(struct export_writer *writer, bool commit, struct error *err)
{
    enum status status = csv_writer_close(writer->csv, commit, err);

    memory_free(writer->memory, writer, sizeof *writer);
    return status;
}

void export_connect(struct vm_host *host)
{
    host->export_open = export_open;
    host->export_write = export_write;
    host->export_close = export_close;
}
