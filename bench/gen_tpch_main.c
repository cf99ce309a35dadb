/* gen_tpch_main.c - gen_tpch FOLDER [SCALE]: the TPC-H tables as files. */
#include "gen_tpch.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: gen_tpch FOLDER [SCALE]\n");
        return 2;
    }
    if (!tpch_write(argv[1], argc == 3 ? atof(argv[2]) : 1)) {
        perror(argv[1]);
        return 1;
    }
    return 0;
}
