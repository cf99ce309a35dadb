/* plan_dump.c - the lines of EXPLAIN QUERY PLAN, in SQLite's words where the thing is the same. */
#include "sql/plan.h"

#include "base/str.h"

static void join_line(const struct plan *plan, struct str *out)
{
    static const char *const kinds[] = {
        [JOIN_INNER] = "",          [JOIN_LEFT] = " LEFT-JOIN", [JOIN_RIGHT] = " RIGHT-JOIN",
        [JOIN_FULL] = " FULL-JOIN", [JOIN_SEMI] = " SEMI-JOIN", [JOIN_ANTI] = " ANTI-JOIN"};

    if (plan->key_count == 0)
        str_text(out, "NESTED LOOP JOIN");
    else
        str_printf(out, "HASH JOIN (%u KEY%s)", plan->key_count, plan->key_count == 1 ? "" : "S");
    str_text(out, kinds[plan->join]);
}

static const char *compound_name(enum compound_op op)
{
    switch (op) {
    case COMPOUND_UNION:
        return "UNION USING TEMP B-TREE";
    case COMPOUND_INTERSECT:
        return "INTERSECT USING TEMP B-TREE";
    case COMPOUND_EXCEPT:
        return "EXCEPT USING TEMP B-TREE";
    default:
        return "UNION ALL";
    }
}

void plan_line(const struct plan *plan, struct str *out)
{
    switch (plan->kind) {
    case PLAN_ONE_ROW:
        str_text(out, "SCAN CONSTANT ROW");
        break;
    case PLAN_SCAN:
        if (plan->rowid != NULL)
            str_printf(out, "SEARCH %s USING INTEGER PRIMARY KEY (rowid=?)", plan->item->display);
        else
            str_printf(out, "SCAN %s", plan->item->display);
        break;
    case PLAN_SOURCE:
        str_printf(out, "SCAN %s VIRTUAL TABLE INDEX 0:", plan->item->display);
        break;
    case PLAN_SUBQUERY:
        if (plan->item->display != NULL)
            str_printf(out, "CO-ROUTINE %s", plan->item->display);
        else
            str_printf(out, "CO-ROUTINE (subquery-%u)", plan->item->number);
        break;
    case PLAN_VALUES:
        str_printf(out,
                   plan->select->values_rows == 1 ? "SCAN CONSTANT ROW" : "SCAN %u CONSTANT ROWS",
                   plan->select->values_rows);
        break;
    case PLAN_JOIN:
        join_line(plan, out);
        break;
    case PLAN_AGGREGATE:
        if (plan->select->group_by.count != 0)
            str_text(out, "USE TEMP B-TREE FOR GROUP BY");
        break;
    case PLAN_WINDOW:
        str_text(out, "USE TEMP B-TREE FOR WINDOW");
        break;
    case PLAN_DISTINCT:
        str_text(out, "USE TEMP B-TREE FOR DISTINCT");
        break;
    case PLAN_SORT:
        str_text(out, "USE TEMP B-TREE FOR ORDER BY");
        break;
    case PLAN_RECURSIVE:
        str_text(out, "RECURSIVE STEP");
        break;
    case PLAN_QUEUE:
        str_printf(out, "SCAN %s", plan->item->display);
        break;
    case PLAN_COMPOUND:
        str_text(out, compound_name(plan->op));
        break;
    default:
        break;
    }
}
