/* program.h - a compiled statement: opcodes, their descriptors, and what a frame must provide.
 *
 * Built by cg through program_emit and friends, checked by program_verify, then read-only: several
 * frames may run it.  Everything it points to lives in its arena, except tables and schemas, which
 * it references. */
#ifndef STOA_VM_PROGRAM_H
#define STOA_VM_PROGRAM_H

#include "store/database.h"
#include "vm/aggregate.h"
#include "vm/functions.h"
#include "vm/join.h"
#include "vm/opcode.h"
#include "vm/sorter.h"
#include "vm/source.h"
#include "vm/window.h"

struct scan_desc {
    struct table *table;
    const uint32_t
            *columns; /* which are read: Column's P2 indexes the TABLE's columns, not this list */
    uint32_t column_count;
};
struct values_desc { /* of OpenValues: rows written out in the statement */
    uint64_t            rows;
    uint32_t            columns;
    const struct value *cells; /* [rows * columns] */
};
struct fact_desc { /* of ColumnFact */
    enum table_fact fact;
    uint32_t        column;
    enum collation  collation;
};
struct source_desc {
    const struct source_module *module;
    void                       *state;
    const char *const          *names; /* of the arguments */
};
struct write_desc {
    struct table *table;
    const char   *name;      /* table NULL: the table with this name when the op runs (CREATE TABLE
                                AS, which makes it in the same program) */
    const uint32_t *columns; /* UpdateRows: which columns are set */
    uint32_t        column_count;
    bool            sets_rowid;
    bool            counts_changes; /* sets changes() and last_insert_rowid() */
    bool            returns;        /* Insert: the rows, then their rowids, go to... */
    int32_t         returned;       /* ...the rowset in this slot */
};
/* ON CONFLICT: the registers from P1 on are the position in the batch, the clause, the rowid that
 * the row would have got, the other row's rowid, and its columns that are wanted. */
enum { UPSERT_POSITION, UPSERT_CLAUSE, UPSERT_ROWID, UPSERT_OTHER, UPSERT_COLUMNS };
struct upsert_desc {
    struct table         *table;
    uint32_t              rule_count;
    struct conflict_rule *rules;
    uint32_t              column_count;
    uint32_t             *columns;    /* of the other row */
    bool                  one_by_one; /* what is done with one row may matter for the next one */
    bool                  returns;    /* rows that are inserted, and their rowids, go to... */
    int32_t               returned;   /* ...the rowset in this slot */
    enum conflict         conflict;   /* the strongest of the rules': what an error undoes */
};
struct row_desc { /* TableRow */
    struct table *table;
    uint32_t      column_count;
    uint32_t     *columns;
};
struct object_desc {
    struct schema_object *object;
    struct table         *table; /* CREATE INDEX */
    struct schema_key    *key;   /* CREATE INDEX; NULL: view */
};
struct export_writer; /* of io/: registered through vm_host.export */
struct export_desc {
    const char         *path;
    const char         *format; /* "csv" */
    uint32_t            column_count;
    const char *const  *names;        /* of the columns */
    uint32_t            option_count; /* COPY options as written */
    const char *const  *option_names;
    const struct value *option_values;
};

struct op {
    uint16_t code; /* enum opcode */
    uint16_t p5;
    int32_t  p1, p2, p3;
    union {
        int64_t                i;
        const void            *desc;
        const char            *text;
        const struct value    *value;
        const struct function *function;
    } p4;
};

struct program {
    struct memory *memory;
    struct arena   arena; /* the program itself lies in it, too */
    struct op     *ops;
    uint32_t       op_count, op_capacity;
    uint32_t       register_count; /* registers are numbered from 1; 0 is "none" */
    uint32_t       slot_count, once_count, variable_count;
    uint32_t       result_count; /* columns of ResultRow */
    const char   **result_names,
        **result_types;          /* [result_count]; types: declared, NULL if an expression */
    const char **variable_names; /* [variable_count], NULL for ? */
    bool         writes, is_explain;
    bool         counts_changes; /* sets changes(), even if no op that counts is reached */
    uint64_t     schema_version;
    struct trusted_table { /* the program is right only for the rows that the table had then */
        struct table *table;
        uint64_t      version;
    } * trusted;
    uint32_t        trusted_count, trusted_capacity;
    const char     *sql;   /* the statement's text */
    struct program *inner; /* EXPLAIN ANALYZE: what it runs. owned */
    struct plan_line {
        int32_t     id, parent;    /* of an id before it, 0: none */
        int32_t     rows_op;       /* the first op that sees the rows it makes; -1: none */
        bool        only_analyzed; /* no line of EXPLAIN QUERY PLAN */
        const char *text;
    } * plan; /* EXPLAIN: the steps */
    uint32_t plan_count;
    int32_t *op_lines; /* [op_count]: index into plan of the step that an op is part of; NULL
                          unless explained */
    int32_t  line;     /* while building: what program_emit puts there */
    bool     has_lines;
    bool     failed; /* sticky: memory ran out while building */
    int32_t *labels; /* label -n-1 -> address; while building */
    uint32_t label_count, label_capacity;
};

struct program *program_new(struct memory *memory); /* NULL: memory */
void            program_free(struct program *program);

/* Appends an op and returns its address.  Sticky: after a failed allocation nothing is appended and
 * program->failed is set. */
int32_t program_emit(struct program *program, enum opcode code, int32_t p1, int32_t p2, int32_t p3);
struct op *program_op(
    struct program *program,
    int32_t address); /* to set p4, p5; a scratch op when failed. Valid until the next emit */
int32_t program_address(const struct program *program); /* of the next op */
/* Forward jumps: use the label (negative) as TARGET, place it once with program_label_here;
 * program_finish patches. */
int32_t program_label(struct program *program);
void    program_label_here(struct program *program, int32_t label);
int32_t program_registers(struct program *program,
                          uint32_t        count); /* first of count new registers */
int32_t program_slot(struct program *program);
int32_t program_once(struct program *program);
/* The planner has concluded something from what rows table has: when a run begins and they have
 * changed, the program must be made anew; a run reads them as they are at its beginning. */
void program_trust(struct program *program, struct table *table);
/* Whether program may be run: neither the schema nor a table that it trusts has changed since it
 * was made. */
bool program_is_current(const struct program *program, const struct database *database);
/* Patches labels.  STATUS_NOMEM if building failed. */
enum status program_finish(struct program *program, struct error *err);
/* Every operand in range and of its kind, jumps inside, pushes and pops balanced on straight paths.
 * For assert and hand-made programs. */
enum status program_verify(const struct program *program, struct error *err);
/* One EXPLAIN row: P4 as text into out. */
void program_p4_text(const struct program *program, int32_t address, struct str *out);
/* The opcode's synopsis with its operands filled in. */
void program_comment_text(const struct program *program, int32_t address, struct str *out);

#endif
