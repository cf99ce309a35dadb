/* gen_tpch.c - the data of the TPC-H benchmark, made after its specification: row counts, the
 * relations between keys, ranges of values and dates, texts from its grammar.
 *
 * The numbers themselves are our own (another random generator than the benchmark's), so answers
 * are like the official ones, but not the same. */
#include "gen_tpch.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(list) ((uint32_t)(sizeof(list) / sizeof(list)[0]))

enum {
    POOL_BYTES = 4 << 20, /* of text, from which comments are cut */
    LINES_MAX = 7,
    FIRST_DAY = 0,     /* 1992-01-01 */
    LAST_ORDER = 2405, /* 1998-08-02: the last day less 151 */
    CURRENT_DAY = 1263 /* 1995-06-17 */
};

/* --- words -------------------------------------------------------------------------------------
 */
static const char *const regions[] = {"AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"};
static const struct {
    const char *name;
    int         region;
} nations[] = {{"ALGERIA", 0},      {"ARGENTINA", 1}, {"BRAZIL", 1}, {"CANADA", 1},
               {"EGYPT", 4},        {"ETHIOPIA", 0},  {"FRANCE", 3}, {"GERMANY", 3},
               {"INDIA", 2},        {"INDONESIA", 2}, {"IRAN", 4},   {"IRAQ", 4},
               {"JAPAN", 2},        {"JORDAN", 4},    {"KENYA", 0},  {"MOROCCO", 0},
               {"MOZAMBIQUE", 0},   {"PERU", 1},      {"CHINA", 2},  {"ROMANIA", 3},
               {"SAUDI ARABIA", 4}, {"VIETNAM", 2},   {"RUSSIA", 3}, {"UNITED KINGDOM", 3},
               {"UNITED STATES", 1}};
static const char *const colors[] = {
    "almond",   "antique",   "aquamarine", "azure",      "beige",     "bisque",    "black",
    "blanched", "blue",      "blush",      "brown",      "burlywood", "burnished", "chartreuse",
    "chiffon",  "chocolate", "coral",      "cornflower", "cornsilk",  "cream",     "cyan",
    "dark",     "deep",      "dim",        "dodger",     "drab",      "firebrick", "floral",
    "forest",   "frosted",   "gainsboro",  "ghost",      "goldenrod", "green",     "grey",
    "honeydew", "hot",       "indian",     "ivory",      "khaki",     "lace",      "lavender",
    "lawn",     "lemon",     "light",      "lime",       "linen",     "magenta",   "maroon",
    "medium",   "metallic",  "midnight",   "mint",       "misty",     "moccasin",  "navajo",
    "navy",     "olive",     "orange",     "orchid",     "pale",      "papaya",    "peach",
    "peru",     "pink",      "plum",       "powder",     "puff",      "purple",    "red",
    "rose",     "rosy",      "royal",      "saddle",     "salmon",    "sandy",     "seashell",
    "sienna",   "sky",       "slate",      "smoke",      "snow",      "spring",    "steel",
    "tan",      "thistle",   "tomato",     "turquoise",  "violet",    "wheat",     "white",
    "yellow"};
static const char *const type_sizes[] = {"STANDARD", "SMALL",   "MEDIUM",
                                         "LARGE",    "ECONOMY", "PROMO"};
static const char *const type_finishes[] = {"ANODIZED", "BURNISHED", "PLATED", "POLISHED",
                                            "BRUSHED"};
static const char *const type_metals[] = {"TIN", "NICKEL", "BRASS", "STEEL", "COPPER"};
static const char *const container_sizes[] = {"SM", "LG", "MED", "JUMBO", "WRAP"};
static const char *const container_kinds[] = {"CASE", "BOX",  "BAG", "JAR",
                                              "PKG",  "PACK", "CAN", "DRUM"};
static const char *const segments[] = {"AUTOMOBILE", "BUILDING", "FURNITURE", "MACHINERY",
                                       "HOUSEHOLD"};
static const char *const priorities[] = {"1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED",
                                         "5-LOW"};
static const char *const instructions[] = {"DELIVER IN PERSON", "COLLECT COD", "NONE",
                                           "TAKE BACK RETURN"};
static const char *const modes[] = {"REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"};

static const char *const nouns[] = {
    "foxes",     "ideas",          "theodolites", "pinto beans", "instructions", "dependencies",
    "excuses",   "platelets",      "asymptotes",  "courts",      "dolphins",     "multipliers",
    "sauternes", "warthogs",       "frets",       "dinos",       "attainments",  "somas",
    "braids",    "hockey players", "frays",       "warhorses",   "dugouts",      "notornis",
    "epitaphs",  "pearls",         "tithes",      "waters",      "orbits",       "gifts",
    "sheaves",   "depths",         "sentiments",  "decoys",      "realms",       "pains",
    "grouches",  "escapades",      "packages",    "requests",    "accounts",     "deposits"};
static const char *const verbs[] = {
    "sleep",  "wake",   "are",       "cajole",   "haggle", "nag",   "use",     "boost",
    "affix",  "detect", "integrate", "maintain", "nod",    "was",   "lose",    "sublate",
    "solve",  "thrash", "promise",   "engage",   "hinder", "print", "x-ray",   "breach",
    "eat",    "grow",   "impress",   "mold",     "poach",  "serve", "run",     "dazzle",
    "snooze", "doze",   "unwind",    "kindle",   "play",   "hang",  "believe", "doubt"};
static const char *const adjectives[] = {
    "furious",  "sly",     "careful", "blithe",  "quick",  "fluffy", "slow",     "quiet",
    "ruthless", "thin",    "close",   "dogged",  "daring", "brave",  "stealthy", "permanent",
    "enticing", "idle",    "busy",    "regular", "final",  "ironic", "even",     "bold",
    "silent",   "special", "pending", "unusual", "express"};
static const char *const adverbs[] = {
    "sometimes", "always",    "never",   "furiously",  "slyly",       "carefully",  "blithely",
    "quickly",   "fluffily",  "slowly",  "quietly",    "ruthlessly",  "thinly",     "closely",
    "doggedly",  "daringly",  "bravely", "stealthily", "permanently", "enticingly", "idly",
    "busily",    "regularly", "finally", "ironically", "evenly",      "boldly",     "silently"};
static const char *const prepositions[] = {
    "about",        "above",   "according to", "across",  "after",       "against", "along",
    "alongside of", "among",   "around",       "at",      "atop",        "before",  "behind",
    "beneath",      "beside",  "besides",      "between", "beyond",      "by",      "despite",
    "during",       "except",  "for",          "from",    "in place of", "inside",  "instead of",
    "into",         "near",    "of",           "on",      "outside",     "over",    "past",
    "since",        "through", "throughout",   "to",      "toward",      "under",   "until",
    "up",           "upon",    "without",      "with",    "within"};
static const char *const auxiliaries[] = {
    "do",           "may",          "might",         "shall",         "will",
    "would",        "can",          "could",         "should",        "ought to",
    "must",         "will have to", "shall have to", "could have to", "should have to",
    "must have to", "need to",      "try to"};
static const char *const terminators[] = {".", ";", ":", "?", "!", "--"};

/* --- random numbers ----------------------------------------------------------------------------
 */
struct generator {
    uint64_t state;
    uint32_t parts, suppliers, customers, orders, clerks;
    char    *pool; /* of text */
};

static uint32_t below(struct generator *g, uint32_t n) /* xorshift64* */
{
    g->state ^= g->state >> 12;
    g->state ^= g->state << 25;
    g->state ^= g->state >> 27;
    return (uint32_t)((((g->state * UINT64_C(0x2545f4914f6cdd1d)) >> 32) * n) >> 32);
}

static int32_t between(struct generator *g, int32_t low, int32_t high)
{
    return low + (int32_t)below(g, (uint32_t)(high - low + 1));
}

#define PICK(g, list) ((list)[below(g, COUNT(list))])

/* --- text --------------------------------------------------------------------------------------
 */
/* One call draws one word: the order of draws must not depend on the compiler. */
static char *word(struct generator *g, char *out, const char *const *list, uint32_t count,
                  const char *behind)
{
    return stpcpy(stpcpy(out, list[below(g, count)]), behind);
}
#define WORD(g, out, list, behind) word(g, out, list, COUNT(list), behind)

static char *noun_phrase(struct generator *g, char *out)
{
    switch (below(g, 4)) {
    case 0:
        break;
    case 1:
        out = WORD(g, out, adjectives, " ");
        break;
    case 2:
        out = WORD(g, out, adjectives, ", ");
        out = WORD(g, out, adjectives, " ");
        break;
    default:
        out = WORD(g, out, adverbs, " ");
        out = WORD(g, out, adjectives, " ");
        break;
    }
    return WORD(g, out, nouns, "");
}

static char *verb_phrase(struct generator *g, char *out)
{
    uint32_t form = below(g, 4);

    if (form == 1 || form == 3)
        out = WORD(g, out, auxiliaries, " ");
    out = WORD(g, out, verbs, "");
    if (form == 2 || form == 3) {
        *out++ = ' ';
        out = WORD(g, out, adverbs, "");
    }
    return out;
}

static char *prepositional_phrase(struct generator *g, char *out)
{
    out = WORD(g, out, prepositions, " the ");
    return noun_phrase(g, out);
}

/* Noun phrase, verb phrase, prepositional phrases and a mark, as the grammar joins them. */
static char *sentence(struct generator *g, char *out)
{
    uint32_t form = below(g, 5);

    out = noun_phrase(g, out);
    *out++ = ' ';
    if (form == 2 || form == 4) {
        out = prepositional_phrase(g, out);
        *out++ = ' ';
    }
    out = verb_phrase(g, out);
    if (form == 1 || form == 4) {
        *out++ = ' ';
        out = prepositional_phrase(g, out);
    }
    if (form == 3) {
        *out++ = ' ';
        out = noun_phrase(g, out);
    }
    out = stpcpy(out, PICK(g, terminators));
    *out++ = ' ';
    return out;
}

static bool pool_make(struct generator *g)
{
    char *out;

    g->pool = malloc(POOL_BYTES + 1024);
    if (g->pool == NULL)
        return false;
    for (out = g->pool; out < g->pool + POOL_BYTES;)
        out = sentence(g, out);
    return true;
}

static void comment_put(struct generator *g, FILE *file, int32_t shortest, int32_t longest)
{
    int32_t length = between(g, shortest, longest);

    fwrite(g->pool + below(g, (uint32_t)(POOL_BYTES - length)), 1, (size_t)length, file);
    putc('\n', file);
}

static void address_put(struct generator *g, FILE *file)
{
    static const char letters[] =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ, ";
    int32_t length = between(g, 10, 40);
    char    text[40];

    for (int32_t i = 0; i < length; i++)
        text[i] = letters[below(g, sizeof letters - 1)];
    text[0] = text[0] == ' ' ? 'x' : text[0];
    text[length - 1] = text[length - 1] == ' ' ? 'x' : text[length - 1];
    fwrite(text, 1, (size_t)length, file);
    putc('|', file);
}

static void nation_put(struct generator *g, FILE *file) /* key and telephone number */
{
    uint32_t nation = below(g, COUNT(nations));
    int32_t  area = between(g, 100, 999), exchange = between(g, 100, 999);

    fprintf(file, "%u|%u-%d-%d-%d|", nation, nation + 10, area, exchange, between(g, 1000, 9999));
}

static void cents_put(FILE *file, int64_t cents)
{
    fprintf(file, "%s%lld.%02d|", cents < 0 ? "-" : "", (long long)llabs(cents / 100),
            (int)(llabs(cents) % 100));
}

static void date_put(FILE *file, int32_t day)
{
    static const int months[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int              year = 1992, month = 0;

    for (; day >= 365 + (year % 4 == 0); year++)
        day -= 365 + (year % 4 == 0);
    for (; day >= months[month] + (month == 1 && year % 4 == 0); month++)
        day -= months[month] + (month == 1 && year % 4 == 0);
    fprintf(file, "%d-%02d-%02d|", year, month + 1, day + 1);
}

/* --- tables ------------------------------------------------------------------------------------
 */
static FILE *table_open(const char *folder, const char *table)
{
    char path[4200];

    snprintf(path, sizeof path, "%s/%s.tbl", folder, table);
    return fopen(path, "wb");
}

static bool table_close(FILE *file)
{
    bool bad = ferror(file) != 0;

    return fclose(file) == 0 && !bad;
}

static bool regions_write(struct generator *g, const char *folder)
{
    FILE *file = table_open(folder, "region");

    if (file == NULL)
        return false;
    for (uint32_t i = 0; i < COUNT(regions); i++) {
        fprintf(file, "%u|%s|", i, regions[i]);
        comment_put(g, file, 31, 115);
    }
    return table_close(file);
}

static bool nations_write(struct generator *g, const char *folder)
{
    FILE *file = table_open(folder, "nation");

    if (file == NULL)
        return false;
    for (uint32_t i = 0; i < COUNT(nations); i++) {
        fprintf(file, "%u|%s|%d|", i, nations[i].name, nations[i].region);
        comment_put(g, file, 31, 114);
    }
    return table_close(file);
}

/* Five suppliers in 10,000 have complaints, five recommendations in their comments. */
static void supplier_comment_put(struct generator *g, FILE *file, const char *opinion)
{
    int32_t gap = between(g, 1, 40);
    int32_t at = (int32_t)below(g, POOL_BYTES - 200);

    if (opinion == NULL)
        comment_put(g, file, 25, 100);
    else
        fprintf(file, "%.10sCustomer%.*s%s%.8s\n", g->pool + at, gap, g->pool + at + 10, opinion,
                g->pool + at + 60);
}

static bool suppliers_write(struct generator *g, const char *folder)
{
    FILE *file = table_open(folder, "supplier");

    if (file == NULL)
        return false;
    for (uint32_t key = 1; key <= g->suppliers; key++) {
        uint32_t    place = key * 7919U % 2000; /* one of 2,000 for each opinion */
        const char *opinion = place == 17 ? "Complaints" : place == 1017 ? "Recommends" : NULL;

        fprintf(file, "%u|Supplier#%09u|", key, key);
        address_put(g, file);
        nation_put(g, file);
        cents_put(file, between(g, -99999, 999999));
        supplier_comment_put(g, file, opinion);
    }
    return table_close(file);
}

static bool customers_write(struct generator *g, const char *folder)
{
    FILE *file = table_open(folder, "customer");

    if (file == NULL)
        return false;
    for (uint32_t key = 1; key <= g->customers; key++) {
        fprintf(file, "%u|Customer#%09u|", key, key);
        address_put(g, file);
        nation_put(g, file);
        cents_put(file, between(g, -99999, 999999));
        fprintf(file, "%s|", PICK(g, segments));
        comment_put(g, file, 29, 116);
    }
    return table_close(file);
}

static int64_t retail_cents(uint32_t part)
{
    return 90000 + part / 10 % 20001 + 100 * (part % 1000);
}

/* The i-th of the four suppliers of a part. */
static uint32_t supplier_of(const struct generator *g, uint32_t part, uint32_t i)
{
    uint64_t s = g->suppliers;

    return (uint32_t)((part + i * (s / 4 + (part - 1) / s)) % s + 1);
}

static void part_put(struct generator *g, FILE *file, uint32_t key)
{
    uint32_t names[5];
    int32_t  maker = between(g, 1, 5), size = between(g, 1, 50);

    fprintf(file, "%u|", key);
    for (uint32_t i = 0; i < 5; i++) {
        bool again;

        do {
            names[i] = below(g, COUNT(colors));
            again = false;
            for (uint32_t k = 0; k < i; k++)
                again |= names[k] == names[i];
        } while (again);
        fprintf(file, "%s%s", i == 0 ? "" : " ", colors[names[i]]);
    }
    fprintf(file, "|Manufacturer#%d|Brand#%d%d|", maker, maker, between(g, 1, 5));
    fprintf(file, "%s ", PICK(g, type_sizes));
    fprintf(file, "%s ", PICK(g, type_finishes));
    fprintf(file, "%s|%d|", PICK(g, type_metals), size);
    fprintf(file, "%s ", PICK(g, container_sizes));
    fprintf(file, "%s|", PICK(g, container_kinds));
    cents_put(file, retail_cents(key));
    comment_put(g, file, 5, 22);
}

static bool parts_write(struct generator *g, const char *folder)
{
    FILE *parts = table_open(folder, "part"), *offers = table_open(folder, "partsupp");
    bool  ok;

    if (parts == NULL || offers == NULL) {
        if (parts != NULL)
            fclose(parts);
        if (offers != NULL)
            fclose(offers);
        return false;
    }
    for (uint32_t key = 1; key <= g->parts; key++) {
        part_put(g, parts, key);
        for (uint32_t i = 0; i < 4; i++) {
            fprintf(offers, "%u|%u|%d|", key, supplier_of(g, key, i), between(g, 1, 9999));
            cents_put(offers, between(g, 100, 100000));
            comment_put(g, offers, 49, 198);
        }
    }
    ok = table_close(parts);
    return table_close(offers) && ok;
}

/* --- orders ------------------------------------------------------------------------------------
 */
struct order {
    uint32_t key;
    int32_t  day;
    int64_t  total; /* in ten-thousandths of a cent: exact */
    uint32_t lines, finished;
};

static void line_put(struct generator *g, FILE *file, struct order *order, uint32_t number)
{
    uint32_t part = 1 + below(g, g->parts);
    int32_t  quantity = between(g, 1, 50), discount = between(g, 0, 10), tax = between(g, 0, 8);
    int32_t  ship = order->day + between(g, 1, 121), commit = order->day + between(g, 30, 90);
    int32_t  receipt = ship + between(g, 1, 30);
    int64_t  price = quantity * retail_cents(part);
    uint32_t supplier = supplier_of(g, part, below(g, 4));
    bool     finished = ship <= CURRENT_DAY;

    order->total += price * (100 - discount) * (100 + tax);
    order->finished += finished;
    fprintf(file, "%u|%u|%u|%u|%d|", order->key, part, supplier, number, quantity);
    cents_put(file, price);
    cents_put(file, discount);
    cents_put(file, tax);
    fprintf(file, "%c|%c|",
            receipt > CURRENT_DAY ? 'N'
            : below(g, 2) == 0    ? 'R'
                                  : 'A',
            finished ? 'F' : 'O');
    date_put(file, ship);
    date_put(file, commit);
    date_put(file, receipt);
    fprintf(file, "%s|", PICK(g, instructions));
    fprintf(file, "%s|", PICK(g, modes));
    comment_put(g, file, 10, 43);
}

static void order_put(struct generator *g, FILE *orders, FILE *lines, uint32_t index)
{
    /* of 32 keys the first eight are used */
    struct order order = {.key = index / 8 * 32 + index % 8 + 1,
                          .day = between(g, FIRST_DAY, LAST_ORDER),
                          .lines = (uint32_t)between(g, 1, LINES_MAX)};
    uint32_t     customer;

    do /* a third of the customers have no orders */
        customer = 1 + below(g, g->customers);
    while (customer % 3 == 0);
    for (uint32_t i = 1; i <= order.lines; i++)
        line_put(g, lines, &order, i);
    fprintf(orders, "%u|%u|%c|", order.key, customer,
            order.finished == order.lines ? 'F'
            : order.finished == 0         ? 'O'
                                          : 'P');
    cents_put(orders, (order.total + 5000) / 10000);
    date_put(orders, order.day);
    fprintf(orders, "%s|", PICK(g, priorities));
    fprintf(orders, "Clerk#%09u|0|", 1 + below(g, g->clerks));
    comment_put(g, orders, 19, 78);
}

static bool orders_write(struct generator *g, const char *folder)
{
    FILE *orders = table_open(folder, "orders"), *lines = table_open(folder, "lineitem");
    bool  ok;

    if (orders == NULL || lines == NULL) {
        if (orders != NULL)
            fclose(orders);
        if (lines != NULL)
            fclose(lines);
        return false;
    }
    for (uint32_t i = 0; i < g->orders; i++)
        order_put(g, orders, lines, i);
    ok = table_close(orders);
    return table_close(lines) && ok;
}

static uint32_t scaled(double scale, double rows)
{
    return scale * rows < 1 ? 1 : (uint32_t)(scale * rows);
}

bool tpch_write(const char *folder, double scale)
{
    struct generator g = {.state = UINT64_C(0x853c49e6748fea9b)};
    bool             ok;

    g.parts = scaled(scale, 200000);
    g.suppliers = scaled(scale, 10000);
    g.customers = scaled(scale, 150000);
    g.orders = scaled(scale, 1500000);
    g.clerks = scaled(scale, 1000);
    ok = pool_make(&g) && regions_write(&g, folder) && nations_write(&g, folder) &&
         suppliers_write(&g, folder) && customers_write(&g, folder) && parts_write(&g, folder) &&
         orders_write(&g, folder);
    free(g.pool);
    return ok;
}
