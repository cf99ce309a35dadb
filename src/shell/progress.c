/* progress.c - what a long statement shows on the terminal: rows and bytes of a load, and Ctrl-C.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shell/shell.h"

/* Statements faster than this show nothing. */
static const double QUIET_SECONDS = 1.0;

static double now_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* n with commas between groups of three digits. */
static const char *grouped(uint64_t n, char out[32])
{
    char  plain[32];
    int   length = snprintf(plain, sizeof plain, "%llu", (unsigned long long)n);
    char *p = out;

    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *p++ = ',';
        *p++ = plain[i];
    }
    *p = '\0';
    return out;
}

static void draw(struct shell *shell, double elapsed)
{
    uint64_t rows, bytes, total;
    char     number[32];

    if (!stoa_load_progress(shell->db, &rows, &bytes, &total))
        return;
    fprintf(stderr, "\r%s rows  %.0f MB/s", grouped(rows, number), (double)bytes / elapsed / 1e6);
    if (total > 0 && bytes > 0) {
        double done = (double)bytes / (double)total;

        fprintf(stderr, "  %.0f %%  %.0f s left", done * 100, elapsed / done - elapsed);
    }
    fputs("\x1b[K", stderr);
    shell->progress_rows_shown = 1;
}

int progress_tick(void *data)
{
    static double last;
    struct shell *shell = data;
    double        now = now_seconds();

    if (now - shell->started >= QUIET_SECONDS && now - last >= 0.2) {
        last = now;
        draw(shell, now - shell->started);
    }
    return 0;
}

void progress_begin(struct shell *shell)
{
    shell->started = now_seconds();
    stoa_progress_handler(shell->db, isatty(STDERR_FILENO) ? progress_tick : NULL, shell);
}

void progress_end(struct shell *shell)
{
    stoa_progress_handler(shell->db, NULL, NULL);
    if (shell->progress_rows_shown)
        fputs("\r\x1b[K", stderr);
    shell->progress_rows_shown = 0;
}
