/* fuzz_driver.c - runs a libFuzzer target without libFuzzer: the corpus, then random mutations of
 * it.
 *
 *   fuzz_X CORPUS_DIR [RUNS [SEED]]
 *
 * So that every compiler and every sanitizer build replays the corpus and fuzzes for a moment; long
 * campaigns use the fuzz preset (clang). Ends with "N passed, 0 failed": a failure is a crash. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* Some targets have a mutator of their own, which calls libFuzzer's. */
__attribute__((weak)) size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t max_bytes,
                                                     unsigned seed);
size_t                       LLVMFuzzerMutate(uint8_t *data, size_t bytes, size_t max_bytes);

enum { FILES_MAX = 4096, INPUT_MAX = 1 << 16 };

static struct input {
    uint8_t *data;
    size_t   bytes;
} inputs[FILES_MAX];
static size_t input_count;

static uint64_t state;

static uint32_t below(uint32_t n) /* xorshift64* */
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)(((state * UINT64_C(2685821657736338717) >> 32) * n) >> 32);
}

static void corpus_read(const char *folder)
{
    DIR           *dir = opendir(folder);
    struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL && input_count < FILES_MAX) {
        struct input *input = &inputs[input_count];
        char          path[4096];
        FILE         *file;

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        file = fopen(path, "rb");
        input->data = malloc(INPUT_MAX);
        if (file == NULL || input->data == NULL)
            exit(2);
        input->bytes = fread(input->data, 1, INPUT_MAX, file);
        fclose(file);
        input_count++;
    }
    if (dir != NULL)
        closedir(dir);
}

/* One to eight edits: overwrite, delete, repeat, or splice in a piece of another input. */
static size_t mutate(uint8_t *data, size_t bytes)
{
    for (uint32_t edits = 1 + below(8); edits > 0; edits--) {
        const struct input *other = &inputs[below((uint32_t)input_count)];
        uint32_t            at = below((uint32_t)bytes + 1), length = 1 + below(16), from;

        switch (below(4)) {
        case 0:
            if (at < bytes)
                data[at] = (uint8_t)below(256);
            break;
        case 1:
            if (at + length <= bytes) {
                memmove(data + at, data + at + length, bytes - at - length);
                bytes -= length;
            }
            break;
        case 2:
            if (at + length <= bytes && bytes + length <= INPUT_MAX) {
                memmove(data + at + length, data + at, bytes - at);
                bytes += length;
            }
            break;
        default:
            from = below((uint32_t)other->bytes + 1);
            length = below(64);
            if (from + length <= other->bytes && bytes + length <= INPUT_MAX) {
                memmove(data + at + length, data + at, bytes - at);
                memcpy(data + at, other->data + from, length);
                bytes += length;
            }
        }
    }
    return bytes;
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t bytes, size_t max_bytes)
{
    (void)max_bytes; /* INPUT_MAX */
    return mutate(data, bytes);
}

int main(int argc, char **argv)
{
    long     runs = argc > 2 ? atol(argv[2]) : 0;
    uint8_t *data;

    if (argc < 2) {
        fprintf(stderr, "usage: %s CORPUS_DIR [RUNS [SEED]]\n", argv[0]);
        return 2;
    }
    state = argc > 3 ? strtoull(argv[3], NULL, 10) * 2 + 1 : 1;
    corpus_read(argv[1]);
    if (input_count == 0) {
        fprintf(stderr, "%s: no corpus\n", argv[1]);
        return 1;
    }
    for (size_t i = 0; i < input_count; i++)
        LLVMFuzzerTestOneInput(inputs[i].data, inputs[i].bytes);
    for (long run = 0; run < runs; run++) {
        const struct input *input = &inputs[below((uint32_t)input_count)];
        size_t              bytes;

        data = malloc(INPUT_MAX); /* a block of its own: overruns are seen */
        if (data == NULL)
            return 2;
        memcpy(data, input->data, input->bytes);
        bytes = LLVMFuzzerCustomMutator == NULL
                    ? mutate(data, input->bytes)
                    : LLVMFuzzerCustomMutator(data, input->bytes, INPUT_MAX, below(UINT32_MAX));
        data = realloc(data, bytes > 0 ? bytes : 1);
        LLVMFuzzerTestOneInput(data, bytes);
        free(data);
    }
    for (size_t i = 0; i < input_count; i++)
        free(inputs[i].data);
    printf("%zu passed, 0 failed\n", input_count + (size_t)runs);
    return 0;
}
