/* make-sales.c - writes the sample data of the demo: N sales as CSV with a header.  Same N, same
 * bytes. usage: make-sales N > sales.csv */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t state = 42;

static uint32_t below(uint32_t n) /* xorshift64*, upper bits */
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)(((state * UINT64_C(2685821657736338717) >> 32) * n) >> 32);
}

int main(int argc, char **argv)
{
    static const char *const region[] = {"North", "South", "East", "West", "Online"};
    static const char *const product[] = {"Anvil", "Bolt",   "Clamp", "Drill", "Elbow",
                                          "File",  "Gasket", "Hinge", "Jack",  "Knob"};
    static const int price[] = {4999, 25, 1290, 8900, 310, 750, 120, 480, 5900, 215}; /* cents */
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    long             rows = argc == 2 ? atol(argv[1]) : 0;

    if (rows <= 0) {
        fprintf(stderr, "usage: make-sales ROWS > FILE\n");
        return 2;
    }
    puts("sale,day,region,product,customer,quantity,price,discount");
    for (long i = 1; i <= rows; i++) {
        uint32_t p = below(10), month = below(12),
                 cents = (uint32_t)price[p] * (95 + below(11)) / 100;

        printf("%ld,%u-%02u-%02u,%s,%s,C%06u,%u,%u.%02u,", i, 2022 + below(4), month + 1,
               1 + below((uint32_t)days[month]), region[below(5)], product[p], 1 + below(50000),
               1 + below(20), cents / 100, cents % 100);
        if (below(4) == 0)
            printf("0.%02u", 5 * (1 + below(6)));
        putchar('\n');
    }
    return ferror(stdout) || fflush(stdout) != 0;
}
