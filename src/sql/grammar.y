/* grammar.y - the SQL that we understand: SQLite's, and a few statements of our own.
 *
 * Lemon makes sql/grammar.c of it.  The actions only call parse_build.h, whose functions leave the
 * parser by longjmp when something is wrong; they need no checks and no destructors.
 *
 * Ours, beyond SQLite: EXPLAIN ANALYZE [VERBOSE] statement, COPY, STORAGE and USING method, FROM
 * 'file', DESCRIBE, SUMMARIZE, SHOW TABLES, * EXCLUDE, RENAME, REPLACE, DISTINCT ON, FROM first,
 * QUALIFY, TABLESAMPLE and USING SAMPLE, IGNORE NULLS, name => value, x < ANY (select) and SOME
 * and ALL.  None of them may mean anything in SQLite. */
%name Grammar
%token_prefix TOKEN_
%token_type {struct token}
%default_type {struct token}
%extra_context {struct parser *p}
%start_symbol input
%stack_size 0

%include {
#include <assert.h>
#include <string.h>

#include "base/str.h"
#include "sql/parse_build.h"

#define YYNOERRORRECOVERY 1
#define YYPARSEFREENEVERNULL 1
#define YYMALLOCARGTYPE size_t
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

struct create_head { struct name schema, name; bool temporary, if_not_exists; };
struct cast_pair { uint8_t on_delete, on_update; };

/* Lemon's stack grows where it calls the heap: in the statement's arena, which needs no free. */
#define malloc(bytes) parser_alloc(p->p, bytes)
#define realloc(stack, bytes) parser_stack_grow(p->p, stack, p->yystksz * sizeof *(stack), bytes)
#define free(stack) ((void)(stack))

static void *parser_stack_grow(struct parser *p, const void *stack, size_t old_bytes, size_t bytes)
{
    void *grown = parser_alloc(p, bytes);

    if (stack != NULL) /* NULL: it is the first */
        memcpy(grown, stack, old_bytes);
    return grown;
}

static struct token no_token(void)
{
    return (struct token){NULL, 0};
}
static struct name no_name(void)
{
    return (struct name){0};
}
static void check_plain(struct parser *p, struct name name, struct token extra)
{
    if (extra.text != NULL)
        parser_fail(p, token_position(p, extra), "syntax error after column name \"%s\"",
                    name.text);
}
}

%syntax_error { parser_fail_token(p, yyminor); }
%stack_overflow { parser_fail(p, -1, "Recursion limit"); }

%token EXPRESSION SEMI.
%fallback ID
    ABORT ACTION AFTER ALWAYS ANALYZE ASC ATTACH BEFORE BEGIN BY CASCADE CAST COLUMN CONFLICT COPY
    CURRENT CURRENT_TIME_WORD DATABASE DEFERRED DESC DESCRIBE DETACH DO EACH END EXCLUDE EXCLUSIVE EXPLAIN
    FAIL FIRST FOLLOWING FOR GENERATED GROUPING GROUPS IF IGNORE IMMEDIATE INITIALLY INSTEAD KEY LAST
    LIKE_WORD MATCH MATERIALIZED NO NULLS OF OFFSET OTHERS PARTITION PLAN PRAGMA PRECEDING QUERY
    RAISE RANGE RECURSIVE REINDEX RELEASE RENAME REPLACE RESPECT RESTRICT ROLLBACK ROW ROWS SAVEPOINT
    SETS SHOW SOME SUMMARIZE TABLESAMPLE TEMP TIES TRIGGER UNBOUNDED VACUUM VIEW VIRTUAL WITH WITHOUT.
%wildcard ANY.

/* Weakest first: https://sqlite.org/lang_expr.html, "Operators". */
%left OR.
%left AND.
%right NOT.
%left IS MATCH LIKE_WORD BETWEEN IN ISNULL NOTNULL NE EQ.
%left GT LE LT GE.
%right ESCAPE.
%left BITAND BITOR LSHIFT RSHIFT.
%left PLUS MINUS.
%left STAR SLASH REM.
%left CONCAT ARROW.
%left COLLATE.
%right BITNOT.
%nonassoc ON.

%token_class word ID|INDEXED|JOIN_WORD.
%token_class id_or_string ID|STRING.

/* --- one statement ---------------------------------------------------------------------------- */
input ::= command SEMI.
input ::= EXPRESSION here(S) expr(E) here(Z).
    { build_source(p, E, S.text, Z.text); p->expression = E; p->done = true; }

command ::= statement.                    { p->done = true; }
command ::= EXPLAIN statement.
    { p->statement->explain = EXPLAIN_PROGRAM; p->done = true; }
command ::= EXPLAIN QUERY PLAN statement.
    { p->statement->explain = EXPLAIN_QUERY_PLAN; p->done = true; }
command ::= EXPLAIN ANALYZE explainable.
    { p->statement->explain = EXPLAIN_ANALYZE; p->done = true; }
command ::= EXPLAIN ANALYZE name(W) explainable.
    { build_explain_word(p, W); p->done = true; }

statement ::= explainable.

/* Where the next token begins: marks the ends of source texts. */
here(A) ::= . { A = (struct token){NEXT_TEXT, 0}; }
%include {
#define NEXT_TEXT (yyLookahead == 0 ? p->sql + p->bytes : yyLookaheadToken.text)
}

/* --- transactions ----------------------------------------------------------------------------- */
%type begin_mode {int}
statement ::= BEGIN begin_mode(M) transaction_name.
    { p->statement->kind = STATEMENT_BEGIN; p->statement->begin_mode = (uint8_t)M; }
begin_mode(A) ::= .          { A = 0; }
begin_mode(A) ::= DEFERRED.  { A = 0; }
begin_mode(A) ::= IMMEDIATE. { A = 1; }
begin_mode(A) ::= EXCLUSIVE. { A = 2; }
transaction_name ::= .
transaction_name ::= TRANSACTION.
transaction_name ::= TRANSACTION name.
statement ::= COMMIT|END transaction_name.      { p->statement->kind = STATEMENT_COMMIT; }
statement ::= ROLLBACK transaction_name.        { p->statement->kind = STATEMENT_ROLLBACK; }
statement ::= ROLLBACK transaction_name TO savepoint_word name(N).
    { p->statement->kind = STATEMENT_ROLLBACK; p->statement->savepoint = N; }
statement ::= SAVEPOINT name(N).
    { p->statement->kind = STATEMENT_SAVEPOINT; p->statement->savepoint = N; }
statement ::= RELEASE savepoint_word name(N).
    { p->statement->kind = STATEMENT_RELEASE; p->statement->savepoint = N; }
savepoint_word ::= .
savepoint_word ::= SAVEPOINT.

/* --- names ------------------------------------------------------------------------------------ */
%type name {struct name}
%type qualifier {struct name}
%type word_name {struct name}
name(A) ::= word(T).   { A = build_name(p, T); }
name(A) ::= STRING(T). { A = build_name(p, T); }
word_name(A) ::= id_or_string(T). { A = build_name(p, T); }

/* After "name qualifier" the first is the schema if the second is there. */
qualifier(A) ::= .           { A = no_name(); }
qualifier(A) ::= DOT name(N). { A = N; }

%type full_name {struct qualified_name}
full_name(A) ::= name(N).             { A = (struct qualified_name){.name = N}; }
full_name(A) ::= name(S) DOT name(N). { A = (struct qualified_name){.schema = S, .name = N}; }

%type target_name {struct qualified_name}
target_name(A) ::= full_name(A).
target_name(A) ::= full_name(N) AS name(B). { A = N; A.alias = B; }

%type names {struct name_list}
%type names_opt {struct name_list}
%type plain_names {struct name_list}
%type plain_names_opt {struct name_list}
names(A) ::= name(N).                { A = names_add(p, (struct name_list){0}, N); }
names(A) ::= names(L) COMMA name(N). { A = names_add(p, L, N); }
names_opt(A) ::= .                   { A = (struct name_list){0}; }
names_opt(A) ::= LP names(L) RP.     { A = L; }
/* Lists where SQLite's grammar takes, and then refuses, COLLATE and ASC. */
plain_names(A) ::= name(N) column_extras(X).
    { check_plain(p, N, X); A = names_add(p, (struct name_list){0}, N); }
plain_names(A) ::= plain_names(L) COMMA name(N) column_extras(X).
    { check_plain(p, N, X); A = names_add(p, L, N); }
plain_names_opt(A) ::= .                     { A = (struct name_list){0}; }
plain_names_opt(A) ::= LP plain_names(L) RP. { A = L; }
column_extras(A) ::= .                                    { A = no_token(); }
column_extras(A) ::= ASC|DESC(T).                         { A = T; }
column_extras(A) ::= COLLATE(T) id_or_string direction.   { A = T; }

%type if_not_exists {bool}
%type if_exists {bool}
%type temporary {bool}
if_not_exists(A) ::= .              { A = false; }
if_not_exists(A) ::= IF NOT EXISTS. { A = true; }
if_exists(A) ::= .                  { A = false; }
if_exists(A) ::= IF EXISTS.         { A = true; }
temporary(A) ::= .                  { A = false; }
temporary(A) ::= TEMP.              { A = true; }

/* --- CREATE TABLE ----------------------------------------------------------------------------- */
explainable ::= table_head table_body.
table_head ::= CREATE temporary(T) TABLE if_not_exists(I) name(N) qualifier(Q).
    { begin_table(p, Q.text ? N : no_name(), Q.text ? Q : N, T, I); }
table_body ::= LP columns constraints_opt RP table_options.
table_body ::= AS select(S).                       { p->table->as_select = S; }
table_body ::= storage_word(O) name(V) AS select(S).
    { table_option(p, O, V); p->table->as_select = S; }
storage_word(A) ::= word(T).
    {
        if (!ascii_equal(T.text, T.bytes, "STORAGE", 7))
            parser_fail_token(p, T);
        A = T;
    }
name_token(A) ::= word(T). { A = T; }

table_options ::= .
table_options ::= table_option.
table_options ::= table_options COMMA table_option.
table_option ::= WITHOUT(T) name(N).    { table_option(p, T, N); }
table_option ::= name_token(T).         { table_option(p, T, no_name()); }
table_option ::= name_token(T) name(V). { table_option(p, T, V); }

columns ::= column_head column_constraints.
columns ::= columns COMMA column_head column_constraints.
column_head ::= name(N) type(T). { table_column(p, N, T); }

%type type {struct name}
type(A) ::= .                                      { A = no_name(); }
type(A) ::= type_words(T).                         { A = build_type(p, T.text, T.text + T.bytes); }
type(A) ::= type_words(T) LP signed RP(Z).         { A = build_type(p, T.text, Z.text + Z.bytes); }
type(A) ::= type_words(T) LP signed COMMA signed RP(Z).
    { A = build_type(p, T.text, Z.text + Z.bytes); }
type_words(A) ::= id_or_string(T).      { A = T; }
type_words(A) ::= type_words(T) id_or_string(Z).
    { A = T; A.bytes = (uint32_t)(Z.text + Z.bytes - T.text); }
signed ::= number.
signed ::= PLUS number.
signed ::= MINUS number.
number(A) ::= INTEGER|FLOAT(T). { A = T; }

column_constraints ::= .
column_constraints ::= column_constraints column_constraint.
column_constraint ::= CONSTRAINT name(N). { p->constraint_name = N; }
column_constraint ::= DEFAULT term(E) here(Z).
    { column_default(p, E, p->sql + E->position, Z.text); }
column_constraint ::= DEFAULT LP(S) expr(E) RP(Z). { column_default(p, E, S.text + 1, Z.text); }
column_constraint ::= DEFAULT PLUS(T) term(E) here(Z).
    { column_default(p, build_unary(p, EXPR_OP_PLUS, E, T), T.text, Z.text); }
column_constraint ::= DEFAULT MINUS(T) term(E) here(Z).
    { column_default(p, build_unary(p, EXPR_OP_NEGATE, E, T), T.text, Z.text); }
column_constraint ::= DEFAULT ID|INDEXED(T).       { column_default_word(p, T); }
column_constraint ::= NULL on_conflict.            { p->constraint_name = no_name(); }
column_constraint ::= NOT NULL on_conflict(C).
    { current_column(p)->flags |= COLUMN_NOT_NULL; current_column(p)->not_null_conflict = C; }
column_constraint ::= PRIMARY KEY direction(D) on_conflict(C) autoincrement(I).
    {
        struct column_def *column = current_column(p);

        if (column->flags & COLUMN_PRIMARY_KEY)
            parser_fail(p, column->name.position, "table \"%s\" has more than one primary key",
                        p->table->name.text);
        column->flags |= COLUMN_PRIMARY_KEY;
        column->primary_conflict = C;
        column->primary_descending = D;
        column->autoincrement = I;
    }
column_constraint ::= UNIQUE on_conflict(C).
    { current_column(p)->flags |= COLUMN_UNIQUE; current_column(p)->unique_conflict = C; }
column_constraint ::= CHECK LP(S) expr(E) RP(Z).
    { table_constraint_check(p, E, S, Z, CONFLICT_DEFAULT); }
column_constraint ::= REFERENCES name(N) plain_names_opt(L) reference_actions(F).
    { current_column(p)->references =
          build_foreign_key(p, single_name(p, current_column(p)->name), N, L, F); }
column_constraint ::= deferrable(D).
    {
        struct foreign_key *key = current_column(p)->references;

        if (key != NULL) {
            key->deferrable = (D & 1) != 0;
            key->initially_deferred = (D & 2) != 0;
        }
    }
column_constraint ::= COLLATE id_or_string(T).     { column_collation(p, T); }
column_constraint ::= GENERATED ALWAYS AS LP(S) expr(E) RP(Z) generated_kind(K).
    { column_generated(p, E, S, Z, K); }
column_constraint ::= AS LP(S) expr(E) RP(Z) generated_kind(K). { column_generated(p, E, S, Z, K); }
generated_kind(A) ::= .      { A = no_token(); }
generated_kind(A) ::= ID(T). { A = T; }

%type autoincrement {bool}
autoincrement(A) ::= .              { A = false; }
autoincrement(A) ::= AUTOINCREMENT. { A = true; }

%type reference_actions {struct foreign_key *}
%type action {uint8_t}
reference_actions(A) ::= . { A = parser_zalloc(p, sizeof *A); }
reference_actions(A) ::= reference_actions(F) MATCH name(N).        { A = F; A->match = N; }
reference_actions(A) ::= reference_actions(F) ON INSERT action.     { A = F; }
reference_actions(A) ::= reference_actions(F) ON DELETE action(X).  { A = F; A->on_delete = X; }
reference_actions(A) ::= reference_actions(F) ON UPDATE action(X).  { A = F; A->on_update = X; }
action(A) ::= NO ACTION.   { A = 0; }
action(A) ::= RESTRICT.    { A = 1; }
action(A) ::= SET NULL.    { A = 2; }
action(A) ::= SET DEFAULT. { A = 3; }
action(A) ::= CASCADE.     { A = 4; }

/* bit 0: DEFERRABLE, bit 1: INITIALLY DEFERRED */
%type deferrable {int}
%type deferrable_opt {int}
%type initially {int}
deferrable_opt(A) ::= .              { A = 0; }
deferrable_opt(A) ::= deferrable(A).
deferrable(A) ::= NOT DEFERRABLE initially. { A = 0; }
deferrable(A) ::= DEFERRABLE initially(I).  { A = 1 | I; }
initially(A) ::= .                    { A = 0; }
initially(A) ::= INITIALLY DEFERRED.  { A = 2; }
initially(A) ::= INITIALLY IMMEDIATE. { A = 0; }

constraints_opt ::= .
constraints_opt ::= COMMA constraints.
constraints ::= constraint.
constraints ::= constraints comma_opt constraint.
comma_opt ::= .
comma_opt ::= COMMA. { p->constraint_name = no_name(); }
constraint ::= CONSTRAINT name(N). { p->constraint_name = N; }
constraint ::= PRIMARY KEY LP sort_list(L) autoincrement(I) RP on_conflict(C).
    {
        struct table_constraint *constraint = table_constraint_add(p, CONSTRAINT_PRIMARY_KEY, C);

        constraint->autoincrement = I;
        constraint_terms(p, constraint, L, "index");
    }
constraint ::= UNIQUE LP sort_list(L) RP on_conflict(C).
    { constraint_terms(p, table_constraint_add(p, CONSTRAINT_UNIQUE, C), L, "index"); }
constraint ::= CHECK LP(S) expr(E) RP(Z) on_conflict(C). { table_constraint_check(p, E, S, Z, C); }
constraint ::= FOREIGN KEY LP plain_names(L) RP REFERENCES name(N) plain_names_opt(R)
               reference_actions(F) deferrable_opt(D).
    {
        struct foreign_key *key = build_foreign_key(p, L, N, R, F);

        key->deferrable = (D & 1) != 0;
        key->initially_deferred = (D & 2) != 0;
        table_constraint_add(p, CONSTRAINT_FOREIGN_KEY, CONFLICT_DEFAULT)->foreign_key = key;
    }

%type on_conflict {enum conflict}
%type or_conflict {enum conflict}
%type conflict {enum conflict}
%type raise_kind {enum conflict}
on_conflict(A) ::= .                        { A = CONFLICT_DEFAULT; }
on_conflict(A) ::= ON CONFLICT conflict(C). { A = C; }
or_conflict(A) ::= .                        { A = CONFLICT_DEFAULT; }
or_conflict(A) ::= OR conflict(C).          { A = C; }
conflict(A) ::= raise_kind(A).
conflict(A) ::= IGNORE.        { A = CONFLICT_IGNORE; }
conflict(A) ::= REPLACE.       { A = CONFLICT_REPLACE; }
raise_kind(A) ::= ROLLBACK. { A = CONFLICT_ROLLBACK; }
raise_kind(A) ::= ABORT.    { A = CONFLICT_ABORT; }
raise_kind(A) ::= FAIL.     { A = CONFLICT_FAIL; }

/* --- other schema statements ------------------------------------------------------------------ */
%type drop_object {int}
statement ::= DROP drop_object(K) if_exists(I) full_name(N).
    {
        struct drop *drop = parser_zalloc(p, sizeof *drop);

        *drop = (struct drop){.object = (uint8_t)K, .if_exists = I, .schema = N.schema,
                              .name = N.name};
        p->statement->kind = STATEMENT_DROP;
        p->statement->drop = drop;
    }
drop_object(A) ::= TABLE.   { A = SCHEMA_TABLE; }
drop_object(A) ::= VIEW.    { A = SCHEMA_VIEW; }
drop_object(A) ::= INDEX.   { A = SCHEMA_INDEX; }
drop_object(A) ::= TRIGGER. { A = SCHEMA_TRIGGER; }

statement ::= CREATE temporary(T) VIEW if_not_exists(I) name(N) qualifier(Q) plain_names_opt(L)
              AS select(S).
    {
        struct create_view *view = parser_zalloc(p, sizeof *view);

        if (p->statement->variable_count > 0)
            parser_fail(p, -1, "parameters are not allowed in views");
        *view = (struct create_view){.schema = Q.text ? N : no_name(), .name = Q.text ? Q : N,
                                     .if_not_exists = I, .temporary = T, .columns = L.items,
                                     .column_count = L.count, .select = S};
        p->statement->kind = STATEMENT_CREATE_VIEW;
        p->statement->create_view = view;
    }

%type unique {bool}
%type method {struct name}
unique(A) ::= .       { A = false; }
unique(A) ::= UNIQUE. { A = true; }
method(A) ::= .              { A = no_name(); }
method(A) ::= using_word name(N). { A = N; }
using_word ::= USING|SAMPLING.
statement ::= CREATE unique(U) INDEX if_not_exists(I) name(N) qualifier(Q) ON name(T) method(M)
              LP sort_list(L) RP method(O) where_opt(W).
    {
        struct create_index *index = parser_zalloc(p, sizeof *index);

        *index = (struct create_index){.schema = Q.text ? N : no_name(), .name = Q.text ? Q : N,
                                       .table = T, .unique = U, .if_not_exists = I,
                                       .method = O.text ? O : M, .term_count = L.count, .where = W};
        index->terms = build_indexed_terms(p, L, "index", true);
        p->statement->kind = STATEMENT_CREATE_INDEX;
        p->statement->create_index = index;
    }

statement ::= VACUUM(T) vacuum_into.
    { p->statement->kind = STATEMENT_VACUUM; mark_unsupported(p, "VACUUM", T); }
statement ::= VACUUM(T) name vacuum_into.
    { p->statement->kind = STATEMENT_VACUUM; mark_unsupported(p, "VACUUM", T); }
vacuum_into ::= .
vacuum_into ::= INTO(T) expr. { mark_unsupported(p, "VACUUM INTO", T); }

statement ::= ATTACH(T) database_word expr AS expr attach_key.
    { p->statement->kind = STATEMENT_ATTACH; mark_unsupported(p, "ATTACH", T); }
statement ::= DETACH(T) database_word expr.
    { p->statement->kind = STATEMENT_DETACH; mark_unsupported(p, "DETACH", T); }
database_word ::= .
database_word ::= DATABASE.
attach_key ::= .
attach_key ::= KEY expr.

statement ::= REINDEX(T).
    { p->statement->kind = STATEMENT_REINDEX; mark_unsupported(p, "REINDEX", T); }
statement ::= REINDEX(T) name qualifier.
    { p->statement->kind = STATEMENT_REINDEX; mark_unsupported(p, "REINDEX", T); }
statement ::= ANALYZE(T).
    { p->statement->kind = STATEMENT_ANALYZE; mark_unsupported(p, "ANALYZE", T); }
statement ::= ANALYZE(T) name qualifier.
    { p->statement->kind = STATEMENT_ANALYZE; mark_unsupported(p, "ANALYZE", T); }

/* --- ALTER TABLE ------------------------------------------------------------------------------ */
statement ::= alter_head RENAME TO name.
statement ::= alter_head RENAME column_word name TO name.
statement ::= alter_head DROP column_word name.
statement ::= alter_head DROP CONSTRAINT name.
statement ::= alter_head ALTER column_word name DROP NOT NULL.
statement ::= alter_head ALTER column_word name SET NOT NULL on_conflict.
statement ::= alter_add_head column_constraints.
statement ::= alter_head ADD CONSTRAINT name CHECK LP expr RP on_conflict.
statement ::= alter_head ADD CHECK LP expr RP on_conflict.
alter_head ::= ALTER(T) TABLE full_name(N).
    {
        begin_table(p, N.schema, N.name, false, false);
        p->statement->kind = STATEMENT_ALTER;
        mark_unsupported(p, "ALTER TABLE", T);
    }
alter_add_head ::= alter_head ADD column_word name(N) type(T). { table_column(p, N, T); }
column_word ::= .
column_word ::= COLUMN.

/* --- PRAGMA ----------------------------------------------------------------------------------- */
%type pragma_value {struct value}
%type pragma_minus {struct value}
%type pragma_head {struct pragma *}
statement ::= pragma_head.
statement ::= pragma_head(P) EQ pragma_value(V).    { P->has_value = true; P->value = V; }
statement ::= pragma_head(P) EQ pragma_minus(V).    { P->has_value = true; P->value = V; }
statement ::= pragma_head(P) LP pragma_value(V) RP.
    { P->has_value = P->called = true; P->value = V; }
statement ::= pragma_head(P) LP pragma_minus(V) RP.
    { P->has_value = P->called = true; P->value = V; }
pragma_head(A) ::= PRAGMA name(N) qualifier(Q).
    {
        A = parser_zalloc(p, sizeof *A);
        A->schema = Q.text ? N : no_name();
        A->name = Q.text ? Q : N;
        p->statement->kind = STATEMENT_PRAGMA;
        p->statement->pragma = A;
    }
pragma_value(A) ::= number(T).            { A = build_number(p, T, false); }
pragma_value(A) ::= PLUS number(T).       { A = build_number(p, T, false); }
pragma_value(A) ::= name(N).              { A = value_text(N.text, N.bytes); }
pragma_value(A) ::= ON|DELETE|DEFAULT(T).
    { struct name word = build_name(p, T); A = value_text(word.text, word.bytes); }
pragma_minus(A) ::= MINUS number(T).      { A = build_number(p, T, true); }

/* --- triggers, virtual tables ----------------------------------------------------------------- */
statement ::= trigger_head BEGIN trigger_steps END.
trigger_head ::= CREATE temporary TRIGGER(T) if_not_exists name qualifier trigger_time trigger_event
                 ON full_name for_each_row trigger_when.
    { p->statement->kind = STATEMENT_CREATE_TRIGGER; mark_unsupported(p, "CREATE TRIGGER", T); }
trigger_time ::= .
trigger_time ::= BEFORE|AFTER.
trigger_time ::= INSTEAD OF.
trigger_event ::= DELETE|INSERT.
trigger_event ::= UPDATE.
trigger_event ::= UPDATE OF names.
for_each_row ::= .
for_each_row ::= FOR EACH ROW.
trigger_when ::= .
trigger_when ::= WHEN expr.
trigger_steps ::= trigger_step SEMI.
trigger_steps ::= trigger_steps trigger_step SEMI.
trigger_step ::= UPDATE or_conflict target_name trigger_index SET assignments from_opt where_opt.
trigger_step ::= insert_word INTO target_name names_opt select upsert.
trigger_step ::= DELETE FROM target_name trigger_index where_opt.
trigger_step ::= select.
trigger_index ::= .
trigger_index ::= INDEXED(T) BY name.
    {
        parser_fail(p, token_position(p, T),
                    "the INDEXED BY clause is not allowed on UPDATE or DELETE statements within "
                    "triggers");
    }
trigger_index ::= NOT INDEXED(T).
    {
        parser_fail(p, token_position(p, T),
                    "the NOT INDEXED clause is not allowed on UPDATE or DELETE statements within "
                    "triggers");
    }

statement ::= virtual_head.
statement ::= virtual_head LP module_arguments RP.
virtual_head ::= CREATE VIRTUAL(T) TABLE if_not_exists name qualifier using_word name.
    {
        p->statement->kind = STATEMENT_CREATE_VIRTUAL;
        mark_unsupported(p, "CREATE VIRTUAL TABLE", T);
    }
module_arguments ::= module_argument.
module_arguments ::= module_arguments COMMA module_argument.
module_argument ::= .
module_argument ::= module_argument module_token.
module_token ::= ANY.
module_token ::= LP any_tokens RP.
any_tokens ::= .
any_tokens ::= any_tokens ANY.
any_tokens ::= any_tokens LP any_tokens RP.

/* --- DESCRIBE, SUMMARIZE, SHOW TABLES (ours) --------------------------------------------------- */
explainable ::= DESCRIBE full_name(N).
    { build_report(p, REPORT_DESCRIBE, build_select_star(p, N.schema, N.name, false,
                                                         (struct expr_list){0}));
      p->statement->report_table = true; }
explainable ::= DESCRIBE select(S).   { build_report(p, REPORT_DESCRIBE, S); }
explainable ::= SUMMARIZE full_name(N).
    { build_report(p, REPORT_SUMMARIZE, build_select_star(p, N.schema, N.name, false,
                                                          (struct expr_list){0})); }
explainable ::= SUMMARIZE select(S).  { build_report(p, REPORT_SUMMARIZE, S); }
explainable ::= SHOW ID(W). { build_show(p, W); }

/* --- COPY (ours) ------------------------------------------------------------------------------ */
%type copy_options {struct copy_option *}
%type copy_option_list {struct copy_option_list}
%type copy_option {struct copy_option *}
%type copy_value {struct value}
%type copy_head {struct copy *}
explainable ::= copy_head(C) FROM STRING(F) copy_options(O).
    { C->file = build_name(p, F); C->options = O; }
explainable ::= copy_head(C) TO STRING(F) copy_options(O).
    { C->to = true; C->file = build_name(p, F); C->options = O; }
explainable ::= COPY LP select(S) RP TO STRING(F) copy_options(O).
    {
        struct copy *copy = parser_zalloc(p, sizeof *copy);

        *copy = (struct copy){.select = S, .to = true, .file = build_name(p, F), .options = O};
        p->statement->kind = STATEMENT_COPY;
        p->statement->copy = copy;
    }
copy_head(A) ::= COPY full_name(N) names_opt(L).
    {
        A = parser_zalloc(p, sizeof *A);
        *A = (struct copy){.schema = N.schema, .table = N.name, .columns = L.items,
                           .column_count = L.count};
        p->statement->kind = STATEMENT_COPY;
        p->statement->copy = A;
    }
copy_options(A) ::= .                                 { A = NULL; }
copy_options(A) ::= LP copy_option_list(L) RP.        { A = L.first; }
copy_options(A) ::= WITH LP copy_option_list(L) RP.   { A = L.first; }
copy_option_list(A) ::= copy_option(O). { A = (struct copy_option_list){O, O}; }
copy_option_list(A) ::= copy_option_list(L) COMMA copy_option(O).
    { L.last->next = O; A = (struct copy_option_list){L.first, O}; }
copy_option(A) ::= copy_option_name(N).
    { A = parser_zalloc(p, sizeof *A); A->name = build_name(p, N); }
copy_option(A) ::= copy_option_name(N) equals_opt copy_value(V).
    {
        A = parser_zalloc(p, sizeof *A);
        *A = (struct copy_option){.name = build_name(p, N), .has_value = true, .value = V};
    }
copy_option(A) ::= copy_option_name(N) equals_opt LP expr_list_some(L) RP.
    { A = parser_zalloc(p, sizeof *A); A->name = build_name(p, N); A->list = L; }
copy_option_name(A) ::= word(T).                { A = T; }
copy_option_name(A) ::= NULL|ESCAPE|DEFAULT(T). { A = T; }
equals_opt ::= .
equals_opt ::= EQ|ASSIGN.
copy_value(A) ::= STRING(T).
    { struct name text = build_name(p, T); A = value_text(text.text, text.bytes); }
copy_value(A) ::= word(T).
    { struct name text = build_name(p, T); A = value_text(text.text, text.bytes); }
copy_value(A) ::= ON(T).
    { struct name text = build_name(p, T); A = value_text(text.text, text.bytes); }
copy_value(A) ::= NULL.            { A = value_null(); }
copy_value(A) ::= STAR.            { A = value_text("*", 1); }
copy_value(A) ::= number(T).       { A = build_number(p, T, false); }
copy_value(A) ::= MINUS number(T). { A = build_number(p, T, true); }

/* --- SELECT ----------------------------------------------------------------------------------- */
%type select {struct select *}
%type compound {struct select *}
%type core {struct select *}
%type values {struct select *}
%type compound_op {enum compound_op}
%type distinct {bool}
explainable ::= select(S). { p->statement->kind = STATEMENT_SELECT; p->statement->select = S; }

select(A) ::= compound(S).
    { A = build_finished_select(p, S, (struct cte_list){0}); }
select(A) ::= WITH cte_list(W) compound(S).    { A = build_finished_select(p, S, W); }
select(A) ::= WITH RECURSIVE cte_list(W) compound(S).
    { W.recursive = true; A = build_finished_select(p, S, W); }
compound(A) ::= core(A).
compound(A) ::= compound(S) compound_op(O) core(T).  { A = build_compound(p, S, O, T); }
compound_op(A) ::= UNION.     { A = COMPOUND_UNION; }
compound_op(A) ::= UNION ALL. { A = COMPOUND_UNION_ALL; }
compound_op(A) ::= INTERSECT. { A = COMPOUND_INTERSECT; }
compound_op(A) ::= EXCEPT.    { A = COMPOUND_EXCEPT; }

core(A) ::= head(H) from_opt(F) select_tail(S). { A = build_core(p, S, &H, F); }
core(A) ::= FROM from(F) head(H) select_tail(S). { A = build_core(p, S, &H, F); }
core(A) ::= FROM(T) from(F) select_tail(S).
    {
        struct select_head head = {.token = T};

        head.columns = results_add_star(p, head.columns, no_name(), NULL, T);
        A = build_core(p, S, &head, F);
    }
%type head {struct select_head}
head(A) ::= SELECT(T) distinct(D) results(R).
    { A = (struct select_head){.token = T, .distinct = D, .columns = R}; }
head(A) ::= SELECT(T) DISTINCT ON LP expr_list_some(L) RP results(R).
    { A = (struct select_head){.token = T, .distinct_on = L, .columns = R}; }

/* The clauses behind FROM: the select is made at the end of the last one, and each before that puts
 * itself into it.  A clause that is not there costs nothing: Lemon goes past rules like a ::= b. */
%type select_tail {struct select *}
%type group_tail {struct select *}
%type having_tail {struct select *}
%type windows_tail {struct select *}
%type qualify_tail {struct select *}
%type sampling_tail {struct select *}
%type order_tail {struct select *}
%type limit_tail {struct select *}
select_tail(A) ::= group_tail(A).
select_tail(A) ::= WHERE expr(E) group_tail(S).           { A = S; A->where = E; }
group_tail(A) ::= having_tail(A).
group_tail(A) ::= GROUP BY group_list(L) having_tail(S).  { A = S; A->group_by = L; }
group_tail(A) ::= GROUP BY ALL(T) having_tail(S).
    { A = S; A->group_by = list_add(p, A->group_by, build_all(p, T)); }
having_tail(A) ::= windows_tail(A).
having_tail(A) ::= HAVING expr(E) windows_tail(S).        { A = S; A->having = E; }
windows_tail(A) ::= qualify_tail(A).
windows_tail(A) ::= WINDOW window_list(N) qualify_tail(S). { A = S; A->windows = N.first; }
qualify_tail(A) ::= sampling_tail(A).
qualify_tail(A) ::= QUALIFY expr(E) sampling_tail(S).     { A = S; A->qualify = E; }
sampling_tail(A) ::= order_tail(A).
sampling_tail(A) ::= SAMPLING word sample_whole(N) order_tail(S).
    { A = S; A->sampling = parser_alloc(p, sizeof N); *A->sampling = N; }
order_tail(A) ::= limit_tail(A).
order_tail(A) ::= ORDER BY sort_list(L) limit_tail(S).    { A = S; A->order_by = L; }
order_tail(A) ::= ORDER BY ALL(T) direction(D) nulls(N) limit_tail(S).
    { A = S; A->order_by = order_add(p, A->order_by, build_all(p, T), D, N); }
limit_tail(A) ::= .         { A = parser_zalloc(p, sizeof *A); }
limit_tail(A) ::= limit(L).
    { A = parser_zalloc(p, sizeof *A); A->limit = L.limit; A->offset = L.offset; }
core(A) ::= values(A).
values(A) ::= VALUES(T) LP expr_list_some(L) RP.      { A = build_values(p, T, L); }
values(A) ::= values(V) COMMA LP expr_list_some(L) RP. { A = values_add(p, V, L); }
values(A) ::= values(V) LITERAL_ROWS.                  { A = values_add_literals(p, V); }
distinct(A) ::= .         { A = false; }
distinct(A) ::= ALL.      { A = false; }
distinct(A) ::= DISTINCT. { A = true; }

%type results {struct result_list}
%type results_before {struct results_before}
%type result_alias {struct name}
%type column_alias {struct column_alias}
%include {
struct results_before { struct result_list list; const char *next; }; /* next: where one begins */
struct column_alias { struct name name; const char *end; };           /* end: of the expression */
}
results_before(A) ::= .                 { A = (struct results_before){.next = NEXT_TEXT}; }
results_before(A) ::= results(R) COMMA. { A = (struct results_before){R, NEXT_TEXT}; }
results(A) ::= results_before(R) expr(E) column_alias(N).
    { A = results_add(p, R.list, E, N.name, R.next, N.end); }
results(A) ::= results_before(R) STAR(T) star_changes(C).
    { A = results_add_star(p, R.list, no_name(), C.first, T); }
results(A) ::= results_before(R) name(N) DOT STAR(T) star_changes(C).
    { A = results_add_star(p, R.list, N, C.first, T); }
column_alias(A) ::= .                { A = (struct column_alias){.end = NEXT_TEXT}; }
column_alias(A) ::= AS(T) name(N).   { A = (struct column_alias){N, T.text}; }
column_alias(A) ::= word_name(N).    { A = (struct column_alias){N, p->sql + N.position}; }
%type star_changes {struct star_changes}
%type excluded {struct star_changes}
%type renamed {struct star_changes}
%type replaced {struct star_changes}
star_changes(A) ::= .                                         { A = (struct star_changes){0}; }
star_changes(A) ::= star_changes(L) EXCLUDE name(N).          { A = star_exclude(p, L, N); }
star_changes(A) ::= star_changes(L) EXCLUDE LP excluded(C) RP. { A = star_join(L, C); }
star_changes(A) ::= star_changes(L) RENAME LP renamed(C) RP.   { A = star_join(L, C); }
star_changes(A) ::= star_changes(L) REPLACE LP replaced(C) RP. { A = star_join(L, C); }
excluded(A) ::= name(N).                   { A = star_exclude(p, (struct star_changes){0}, N); }
excluded(A) ::= excluded(L) COMMA name(N). { A = star_exclude(p, L, N); }
renamed(A) ::= name(N) AS name(T). { A = star_rename(p, (struct star_changes){0}, N, T); }
renamed(A) ::= renamed(L) COMMA name(N) AS name(T). { A = star_rename(p, L, N, T); }
replaced(A) ::= expr(E) AS name(N). { A = star_replace(p, (struct star_changes){0}, E, N); }
replaced(A) ::= replaced(L) COMMA expr(E) AS name(N). { A = star_replace(p, L, E, N); }
result_alias(A) ::= .                { A = no_name(); }
result_alias(A) ::= AS name(N).      { A = N; }
result_alias(A) ::= word_name(N).    { A = N; }

/* --- FROM ------------------------------------------------------------------------------------- */
%type from_opt {struct from_list}
%type from {struct from_list}
%type from_before {struct from_list}
%type join {uint8_t}
%type condition {struct join_condition}
%type indexed {struct indexed_by}
%type indexed_opt {struct indexed_by}
from_opt(A) ::= .             { A = (struct from_list){0}; }
from_opt(A) ::= FROM from(F). { A = F; }
%type joined {struct joined}
%include { struct joined { struct from_list list; uint8_t join; }; }
joined(A) ::= .                { A = (struct joined){0}; }
joined(A) ::= from(F) join(J). { A = (struct joined){F, J}; }
from(A) ::= joined(F) name(N) qualifier(Q) result_alias(B) condition(C).
    {
        struct from_item *item = build_from(p, FROM_TABLE, N.position);

        item->schema = Q.text ? N : no_name();
        item->name = Q.text ? Q : N;
        if (Q.text == NULL && p->sql[N.position] == '\'')
            item->kind = FROM_FILE;
        A = from_add(p, F.list, F.join, item, B, C);
    }
from(A) ::= joined(F) name(N) qualifier(Q) result_alias(B) indexed(I) condition(C).
    {
        struct from_item *item = build_from(p, FROM_TABLE, N.position);

        item->schema = Q.text ? N : no_name();
        item->name = Q.text ? Q : N;
        item->indexed_by = I.name;
        item->not_indexed = I.not_indexed;
        A = from_add(p, F.list, F.join, item, B, C);
    }
from(A) ::= joined(F) name(N) qualifier(Q) sampled(S) condition(C).
    {
        struct from_item *item = build_from(p, FROM_TABLE, N.position);

        item->schema = Q.text ? N : no_name();
        item->name = Q.text ? Q : N;
        if (Q.text == NULL && p->sql[N.position] == '\'')
            item->kind = FROM_FILE;
        A = from_add(p, F.list, F.join, build_sample(p, item, S), no_name(), C);
    }
from(A) ::= joined(F) LP(T) select(S) RP sampled(M) condition(C).
    {
        struct from_item *item = build_from(p, FROM_SUBQUERY, token_position(p, T));

        item->select = S;
        A = from_add(p, F.list, F.join, build_sample(p, item, M), no_name(), C);
    }
from(A) ::= joined(F) name(N) qualifier(Q) LP arguments(L) RP result_alias(B) condition(C).
    {
        struct from_item *item = build_from(p, FROM_FUNCTION, N.position);

        item->schema = Q.text ? N : no_name();
        item->name = Q.text ? Q : N;
        item->arguments = L;
        A = from_add(p, F.list, F.join, item, B, C);
    }
from(A) ::= joined(F) LP(T) select(S) RP result_alias(B) condition(C).
    {
        struct from_item *item = build_from(p, FROM_SUBQUERY, token_position(p, T));

        item->select = S;
        A = from_add(p, F.list, F.join, item, B, C);
    }
from(A) ::= joined(F) LP(T) from(N) RP result_alias(B) condition(C).
    { A = from_add(p, F.list, F.join, build_from_nested(p, N, T), B, C); }
join(A) ::= COMMA.                                { A = JOIN_TYPE_COMMA; }
join(A) ::= JOIN.                                 { A = JOIN_TYPE_INNER; }
join(A) ::= JOIN_WORD(X) JOIN.                    { A = build_join(p, X, no_name(), no_name()); }
join(A) ::= JOIN_WORD(X) name(Y) JOIN.            { A = build_join(p, X, Y, no_name()); }
join(A) ::= JOIN_WORD(X) name(Y) name(Z) JOIN.    { A = build_join(p, X, Y, Z); }
/* [OR]: an ON here belongs to the join, not to an upsert behind the select. */
condition(A) ::= ON expr(E).            { A = (struct join_condition){.on = E}; }
condition(A) ::= USING LP names(L) RP.
    { A = (struct join_condition){.using_names = L, .has_using = true}; }
condition(A) ::= . [OR]                 { A = (struct join_condition){0}; }
/* TABLESAMPLE is shifted right behind the item or its alias: where it were the lookahead of a default
 * reduction, its fallback to an alias would come first. */
%type sampled {struct sample}
sampled(A) ::= sample(A).
sampled(A) ::= AS name(N) sample(S).          { A = S; A.alias = N; }
sampled(A) ::= word_name(N) sample(S).        { A = S; A.alias = N; }
%type sample {struct sample}
%type sample_size {struct sample}
%type sample_count {struct sample}
%type sample_whole {struct sample}
%type sample_seed {struct sample_seed}
sample(A) ::= TABLESAMPLE sample_whole(S). { A = S; }
sample_whole(A) ::= number(N).                    { A = build_sample_size(p, N, no_token()); }
sample_whole(A) ::= sample_size(S) sample_seed(R). { A = S; A.seed = R; }
sample_size(A) ::= sample_count(A).
sample_size(A) ::= sample_method LP sample_count(S) RP.  { A = S; }
sample_size(A) ::= sample_method LP number(N) RP.
    { A = build_sample_size(p, N, no_token()); }
sample_method ::= .
sample_method ::= ID(M). { check_sample_method(p, M); }
sample_count(A) ::= number(N) REM(U). { A = build_sample_size(p, N, U); }
sample_count(A) ::= number(N) ID(U).  { A = build_sample_size(p, N, U); }
sample_seed(A) ::= .                   { A = (struct sample_seed){0}; }
sample_seed(A) ::= ID(R) LP INTEGER(N) RP. { A = build_sample_seed(p, R, N); }
sample_seed(A) ::= LP ID(M) RP. { A = (struct sample_seed){0}; check_sample_method(p, M); }
sample_seed(A) ::= LP ID(M) COMMA INTEGER(N) RP.
    { check_sample_method(p, M); A = build_sample_seed(p, no_token(), N); }
%type arguments {struct expr_list}
%type arguments_some {struct expr_list}
%type argument {struct expr *}
arguments(A) ::= .                  { A = (struct expr_list){0}; }
arguments(A) ::= arguments_some(A).
arguments_some(A) ::= argument(E).  { A = list_add(p, (struct expr_list){0}, E); }
arguments_some(A) ::= arguments_some(L) COMMA argument(E). { A = list_add(p, L, E); }
argument(A) ::= expr(A).
argument(A) ::= word(N) ASSIGN expr(E).
    { A = build_binary(p, EXPR_OP_ASSIGN, build_column(p, no_name(), no_name(), build_name(p, N)),
                       E); }
indexed_opt(A) ::= .                    { A = (struct indexed_by){0}; }
indexed_opt(A) ::= indexed(A).
indexed(A) ::= INDEXED BY name(N).      { A = (struct indexed_by){.name = N}; }
indexed(A) ::= NOT INDEXED.             { A = (struct indexed_by){.not_indexed = true}; }

/* --- clauses ---------------------------------------------------------------------------------- */
%type where_opt {struct expr *}
%type group_list {struct expr_list}
%type group_item {struct expr *}
%type order_by_opt {struct order_list}
%type sort_list {struct order_list}
%type limit {struct limit_clause}
%type direction {bool}
%type nulls {int}
where_opt(A) ::= .                { A = NULL; }
where_opt(A) ::= WHERE expr(E).   { A = E; }
group_list(A) ::= group_item(E).                     { A = list_add(p, (struct expr_list){0}, E); }
group_list(A) ::= group_list(L) COMMA group_item(E). { A = list_add(p, L, E); }
group_item(A) ::= expr(A).
group_item(A) ::= LP(T) RP.    { A = build_row(p, T, (struct expr_list){0}); }
group_item(A) ::= GROUPING(T) SETS LP group_list(L) RP. { A = build_grouping_sets(p, T, L); }
order_by_opt(A) ::= .                      { A = (struct order_list){0}; }
order_by_opt(A) ::= ORDER BY sort_list(L). { A = L; }
order_by_opt(A) ::= ORDER BY ALL(T) direction(D) nulls(N).
    { A = order_add(p, (struct order_list){0}, build_all(p, T), D, N); }
sort_list(A) ::= expr(E) direction(D) nulls(N).
    { A = order_add(p, (struct order_list){0}, E, D, N); }
sort_list(A) ::= sort_list(L) COMMA expr(E) direction(D) nulls(N). { A = order_add(p, L, E, D, N); }
direction(A) ::= .     { A = false; }
direction(A) ::= ASC.  { A = false; }
direction(A) ::= DESC. { A = true; }
nulls(A) ::= .            { A = 0; }
nulls(A) ::= NULLS FIRST. { A = 1; }
nulls(A) ::= NULLS LAST.  { A = 2; }
limit(A) ::= LIMIT expr(L).                 { A = (struct limit_clause){.limit = L}; }
limit(A) ::= LIMIT expr(L) OFFSET expr(O).
    { A = (struct limit_clause){.limit = L, .offset = O}; }
limit(A) ::= LIMIT expr(O) COMMA expr(L).
    { A = (struct limit_clause){.limit = L, .offset = O}; }

%type with_opt {struct cte_list}
%type cte_list {struct cte_list}
%type cte {struct cte *}
%type cte_name {struct name}
%type materialized {int}
with_opt(A) ::= .                            { A = (struct cte_list){0}; }
with_opt(A) ::= WITH cte_list(L).            { A = L; }
with_opt(A) ::= WITH RECURSIVE cte_list(L).  { A = L; A.recursive = true; }
cte_list(A) ::= cte(C).                      { A = ctes_add(p, (struct cte_list){0}, C); }
cte_list(A) ::= cte_list(L) COMMA cte(C).    { A = ctes_add(p, L, C); }
cte(A) ::= cte_name(N) plain_names_opt(L) materialized(M) LP select(S) RP.
    { A = build_cte(p, N, L, M, S); }
cte_name(A) ::= name(N).                     { A = N; p->has_with = true; }
materialized(A) ::= AS.                  { A = 0; }
materialized(A) ::= AS MATERIALIZED.     { A = 1; }
materialized(A) ::= AS NOT MATERIALIZED. { A = 2; }

/* --- DELETE, UPDATE, INSERT ------------------------------------------------------------------- */
%type where_returning {struct returning_clause}
%type returning {struct result_list}
where_returning(A) ::= .             { A = (struct returning_clause){0}; }
where_returning(A) ::= WHERE expr(E). { A = (struct returning_clause){.where = E}; }
where_returning(A) ::= RETURNING results(R). { A = (struct returning_clause){.columns = R}; }
where_returning(A) ::= WHERE expr(E) RETURNING results(R).
    { A = (struct returning_clause){.where = E, .columns = R}; }

/* ORDER BY and LIMIT of UPDATE and DELETE: an error, as in SQLite as it is usually built. */
refused_limit ::= .
refused_limit ::= refused_order(O).          { refuse_order(p, &O); }
refused_limit ::= refused_order(O) limit.    { refuse_order(p, &O); }
refused_limit ::= limit(L).
    { parser_fail(p, L.limit->position, "syntax error near \"LIMIT\""); }
%type refused_order {struct order_list}
refused_order(A) ::= ORDER BY sort_list(L). { A = L; }
refused_order(A) ::= ORDER BY ALL(T) direction(D) nulls(N).
    { A = order_add(p, (struct order_list){0}, build_all(p, T), D, N); }

explainable ::= with_opt(W) DELETE FROM target_name(N) indexed_opt(I) where_returning(R)
                refused_limit.
    {
        struct delete_ *delete_ = parser_zalloc(p, sizeof *delete_);

        *delete_ = (struct delete_){.with = W.first, .recursive_with = W.recursive,
                                    .target = build_target(p, N, I), .where = R.where,
                                    .returning_count = R.columns.count,
                                    .returning = R.columns.items};
        p->statement->kind = STATEMENT_DELETE;
        p->statement->delete_ = delete_;
    }

explainable ::= with_opt(W) UPDATE or_conflict(C) target_name(N) indexed_opt(I) SET assignments(S)
                from_opt(F) where_returning(R) refused_limit.
    {
        struct update *update = parser_zalloc(p, sizeof *update);

        *update = (struct update){.with = W.first, .recursive_with = W.recursive, .conflict = C,
                                  .target = build_target(p, N, I), .assignments = S.items,
                                  .assignment_count = S.count, .from = F, .where = R.where,
                                  .returning_count = R.columns.count, .returning = R.columns.items};
        check_length(p, S.count, "set list");
        p->statement->kind = STATEMENT_UPDATE;
        p->statement->update = update;
    }
%type assignments {struct assignment_list}
assignments(A) ::= name(N) EQ expr(E).
    { A = assignments_add(p, (struct assignment_list){0}, single_name(p, N), E); }
assignments(A) ::= LP names(L) RP EQ expr(E).
    { A = assignments_add(p, (struct assignment_list){0}, L, E); }
assignments(A) ::= assignments(S) COMMA name(N) EQ expr(E).
    { A = assignments_add(p, S, single_name(p, N), E); }
assignments(A) ::= assignments(S) COMMA LP names(L) RP EQ expr(E).
    { A = assignments_add(p, S, L, E); }

%type insert_word {enum conflict}
insert_word(A) ::= INSERT or_conflict(C). { A = C; }
insert_word(A) ::= REPLACE.               { A = CONFLICT_REPLACE; }

%type upsert {struct upsert_tail}
%include { struct upsert_tail { struct upsert *first; struct result_list returning; }; }
explainable ::= with_opt(W) insert_word(C) INTO target_name(N) names_opt(L) select(S) upsert(U).
    {
        struct insert *insert = parser_zalloc(p, sizeof *insert);

        *insert = (struct insert){.with = W.first, .recursive_with = W.recursive, .conflict = C,
                                  .schema = N.schema, .table = N.name, .alias = N.alias,
                                  .columns = L.items, .column_count = L.count, .select = S,
                                  .upsert = U.first, .returning_count = U.returning.count,
                                  .returning = U.returning.items};
        p->statement->kind = STATEMENT_INSERT;
        p->statement->insert = insert;
    }
explainable ::= with_opt(W) insert_word(C) INTO target_name(N) names_opt(L)
                DEFAULT VALUES returning(R).
    {
        struct insert *insert = parser_zalloc(p, sizeof *insert);

        *insert = (struct insert){.with = W.first, .recursive_with = W.recursive, .conflict = C,
                                  .schema = N.schema, .table = N.name, .alias = N.alias,
                                  .columns = L.items, .column_count = L.count,
                                  .returning_count = R.count, .returning = R.items};
        p->statement->kind = STATEMENT_INSERT;
        p->statement->insert = insert;
    }
returning(A) ::= .                     { A = (struct result_list){0}; }
returning(A) ::= RETURNING results(R). { A = R; }
upsert(A) ::= .                        { A = (struct upsert_tail){0}; }
upsert(A) ::= RETURNING results(R).    { A = (struct upsert_tail){.returning = R}; }
upsert(A) ::= ON CONFLICT LP sort_list(L) RP where_opt(W) DO NOTHING upsert(U).
    {
        A = U;
        A.first = parser_zalloc(p, sizeof *A.first);
        *A.first = (struct upsert){.next = U.first, .target_count = L.count, .target_where = W,
                                   .do_nothing = true};
        A.first->target = build_indexed_terms(p, L, "upsert", false);
    }
upsert(A) ::= ON CONFLICT LP sort_list(L) RP where_opt(W) DO UPDATE SET assignments(S) where_opt(V)
              upsert(U).
    {
        A = U;
        A.first = parser_zalloc(p, sizeof *A.first);
        *A.first = (struct upsert){.next = U.first, .target_count = L.count, .target_where = W,
                                   .assignments = S.items, .assignment_count = S.count, .where = V};
        A.first->target = build_indexed_terms(p, L, "upsert", false);
    }
upsert(A) ::= ON CONFLICT DO NOTHING returning(R).
    {
        A = (struct upsert_tail){.first = parser_zalloc(p, sizeof *A.first), .returning = R};
        A.first->do_nothing = true;
    }
upsert(A) ::= ON CONFLICT DO UPDATE SET assignments(S) where_opt(V) returning(R).
    {
        A = (struct upsert_tail){.first = parser_zalloc(p, sizeof *A.first), .returning = R};
        *A.first = (struct upsert){.assignments = S.items, .assignment_count = S.count, .where = V};
    }

/* --- expressions ------------------------------------------------------------------------------ */
%type expr {struct expr *}
%type term {struct expr *}
%type expr_list {struct expr_list}
%type expr_list_some {struct expr_list}
expr_list(A) ::= .                  { A = (struct expr_list){0}; }
expr_list(A) ::= expr_list_some(A).
expr_list_some(A) ::= expr(E).
    { A = list_add(p, (struct expr_list){0}, E); }
expr_list_some(A) ::= expr_list_some(L) COMMA expr(E). { A = list_add(p, L, E); }

expr(A) ::= term(A).
expr(A) ::= LP expr(E) RP.   { A = E; A->parenthesised = true; }
expr(A) ::= word(T).         { A = build_column(p, no_name(), no_name(), build_name(p, T)); }
expr(A) ::= name(T) DOT name(C). { A = build_column(p, no_name(), T, C); }
expr(A) ::= name(S) DOT name(T) DOT name(C). { A = build_column(p, S, T, C); }
term(A) ::= NULL(T).      { A = build_literal(p, TOKEN_NULL, T); }
term(A) ::= FLOAT(T).     { A = build_literal(p, TOKEN_FLOAT, T); }
term(A) ::= BLOB(T).      { A = build_literal(p, TOKEN_BLOB, T); }
term(A) ::= STRING(T).    { A = build_literal(p, TOKEN_STRING, T); }
term(A) ::= INTEGER(T).   { A = build_literal(p, TOKEN_INTEGER, T); }
term(A) ::= SEPARATED_NUMBER(T). { A = build_literal(p, TOKEN_SEPARATED_NUMBER, T); }
term(A) ::= CURRENT_TIME_WORD(T).
    { A = build_function(p, T, false, false, (struct expr_list){0}, (struct order_list){0},
                         (struct function_tail){0}); }
expr(A) ::= VARIABLE(T).  { A = build_variable(p, T); }
expr(A) ::= expr(E) COLLATE id_or_string(T). { A = build_collate(p, E, build_name(p, T)); }
expr(A) ::= CAST(T) LP expr(E) AS type(Y) RP. { A = build_cast(p, T, E, Y); }

%type function_tail {struct function_tail}
%type filter {struct expr *}
%type over {struct window_def *}
expr(A) ::= word(T) LP distinct(D) expr_list(L) RP.
    { A = build_function(p, T, D, false, L, (struct order_list){0}, (struct function_tail){0}); }
expr(A) ::= word(T) LP distinct(D) expr_list(L) ORDER BY sort_list(O) RP.
    { A = build_function(p, T, D, false, L, O, (struct function_tail){0}); }
expr(A) ::= word(T) LP distinct(D) expr_list(L) RP WITHIN GROUP LP ORDER BY expr(E)
            direction(R) RP.
    { A = build_within_group(p, T, D, L, E, R, (struct function_tail){0}); }
expr(A) ::= word(T) LP distinct(D) expr_list(L) RP WITHIN GROUP LP ORDER BY expr(E)
            direction(R) RP function_tail(F).
    { A = build_within_group(p, T, D, L, E, R, F); }
expr(A) ::= word(T) LP STAR RP.
    { A = build_function(p, T, false, true, (struct expr_list){0}, (struct order_list){0},
                         (struct function_tail){0}); }
expr(A) ::= word(T) LP distinct(D) expr_list(L) RP function_tail(F).
    { A = build_function(p, T, D, false, L, (struct order_list){0}, F); }
expr(A) ::= word(T) LP distinct(D) expr_list(L) ORDER BY sort_list(O) RP function_tail(F).
    { A = build_function(p, T, D, false, L, O, F); }
expr(A) ::= word(T) LP distinct(D) expr_list_some(L) NULLS_INSIDE(N) NULLS RP function_tail(F).
    { F.nulls = treatment(N); A = build_function(p, T, D, false, L, (struct order_list){0}, F); }
expr(A) ::= extract(X) FROM expr(E) RP. { A = build_extract(p, X, E); }
expr(A) ::= word(T) LP STAR RP function_tail(F).
    { A = build_function(p, T, false, true, (struct expr_list){0}, (struct order_list){0}, F); }
function_tail(A) ::= filter(F) over(O). { A = (struct function_tail){.filter = F, .over = O}; }
function_tail(A) ::= over(O).           { A = (struct function_tail){.over = O}; }
function_tail(A) ::= filter(F).         { A = (struct function_tail){.filter = F}; }
function_tail(A) ::= NULLS_BEHIND(N) NULLS over(O).
    { A = (struct function_tail){.nulls = treatment(N), .over = O}; }
%include {
/* IGNORE or RESPECT, said among the arguments or behind them. */
static enum nulls_treated treatment(struct token word)
{
    return ascii_upper(word.text[0]) == 'I' ? NULLS_IGNORED : NULLS_RESPECTED;
}
}
/* Before FROM is taken: f(a FROM t is an error at FROM. */
%type extract {struct extract}
extract(A) ::= word(T) LP distinct(D) expr_list_some(L).
    { A = build_extract_unit(p, T, D, L, yyLookaheadToken); }
filter(A) ::= FILTER LP WHERE expr(E) RP. { A = E; }
over(A) ::= OVER(T) LP window(W) RP.      { A = W; A->position = token_position(p, T); }
over(A) ::= OVER(T) name(N).
    {
        A = build_window(p, no_name(), (struct expr_list){0}, (struct order_list){0}, NULL);
        A->name = N;
        A->reference = true;
        A->position = token_position(p, T);
    }

expr(A) ::= LP(T) expr_list_some(L) COMMA expr(E) RP. { A = build_row(p, T, list_add(p, L, E)); }
expr(A) ::= expr(L) AND expr(R). { A = build_and(p, L, R); }
expr(A) ::= expr(L) OR expr(R).  { A = build_binary(p, EXPR_OP_OR, L, R); }
expr(A) ::= expr(L) LT expr(R).  { A = build_binary(p, EXPR_OP_LT, L, R); }
expr(A) ::= expr(L) LE expr(R).  { A = build_binary(p, EXPR_OP_LE, L, R); }
expr(A) ::= expr(L) GT expr(R).  { A = build_binary(p, EXPR_OP_GT, L, R); }
expr(A) ::= expr(L) GE expr(R).  { A = build_binary(p, EXPR_OP_GE, L, R); }
expr(A) ::= expr(L) EQ expr(R).  { A = build_binary(p, EXPR_OP_EQ, L, R); }
expr(A) ::= expr(L) NE expr(R).  { A = build_binary(p, EXPR_OP_NE, L, R); }
expr(A) ::= expr(L) LT quantifier(Q) LP select(S) RP.
    { A = build_quantified(p, EXPR_OP_LT, Q, L, S); }
expr(A) ::= expr(L) LE quantifier(Q) LP select(S) RP.
    { A = build_quantified(p, EXPR_OP_LE, Q, L, S); }
expr(A) ::= expr(L) GT quantifier(Q) LP select(S) RP.
    { A = build_quantified(p, EXPR_OP_GT, Q, L, S); }
expr(A) ::= expr(L) GE quantifier(Q) LP select(S) RP.
    { A = build_quantified(p, EXPR_OP_GE, Q, L, S); }
expr(A) ::= expr(L) EQ quantifier(Q) LP select(S) RP.
    { A = build_quantified(p, EXPR_OP_EQ, Q, L, S); }
expr(A) ::= expr(L) NE quantifier(Q) LP select(S) RP.
    { A = build_quantified(p, EXPR_OP_NE, Q, L, S); }
expr(A) ::= expr(L) BITAND expr(R). { A = build_binary(p, EXPR_OP_BIT_AND, L, R); }
expr(A) ::= expr(L) BITOR expr(R).  { A = build_binary(p, EXPR_OP_BIT_OR, L, R); }
expr(A) ::= expr(L) LSHIFT expr(R). { A = build_binary(p, EXPR_OP_SHIFT_LEFT, L, R); }
expr(A) ::= expr(L) RSHIFT expr(R). { A = build_binary(p, EXPR_OP_SHIFT_RIGHT, L, R); }
expr(A) ::= expr(L) PLUS expr(R).   { A = build_binary(p, EXPR_OP_ADD, L, R); }
expr(A) ::= expr(L) MINUS expr(R).  { A = build_binary(p, EXPR_OP_SUBTRACT, L, R); }
expr(A) ::= expr(L) STAR expr(R).   { A = build_binary(p, EXPR_OP_MULTIPLY, L, R); }
expr(A) ::= expr(L) SLASH expr(R).  { A = build_binary(p, EXPR_OP_DIVIDE, L, R); }
expr(A) ::= expr(L) REM expr(R).    { A = build_binary(p, EXPR_OP_REMAINDER, L, R); }
expr(A) ::= expr(L) CONCAT expr(R). { A = build_binary(p, EXPR_OP_CONCAT, L, R); }
expr(A) ::= expr(L) ARROW(T) expr(R).
    {
        A = build_binary(p, T.bytes == 3 ? EXPR_OP_ARROW2 : EXPR_OP_ARROW, L, R);
        A->position = token_position(p, T);
    }

%type like_op {struct like_op}
%include { struct like_op { struct token token; bool negated; }; }
like_op(A) ::= LIKE_WORD|MATCH(T).     { A = (struct like_op){T, false}; }
like_op(A) ::= NOT LIKE_WORD|MATCH(T). { A = (struct like_op){T, true}; }
expr(A) ::= expr(L) like_op(O) expr(R). [LIKE_WORD]
    { A = build_like(p, O.token, O.negated, L, R, NULL); }
expr(A) ::= expr(L) like_op(O) expr(R) ESCAPE expr(E). [LIKE_WORD]
    { A = build_like(p, O.token, O.negated, L, R, E); }

expr(A) ::= expr(E) ISNULL.   { A = build_null_test(p, false, E); }
expr(A) ::= expr(E) NOTNULL.  { A = build_null_test(p, true, E); }
expr(A) ::= expr(E) NOT NULL. { A = build_null_test(p, true, E); }
expr(A) ::= expr(L) IS expr(R).                   { A = build_is(p, false, L, R); }
expr(A) ::= expr(L) IS NOT expr(R).               { A = build_is(p, true, L, R); }
expr(A) ::= expr(L) IS NOT DISTINCT FROM expr(R). { A = build_is(p, false, L, R); }
expr(A) ::= expr(L) IS DISTINCT FROM expr(R).     { A = build_is(p, true, L, R); }
expr(A) ::= NOT(T) expr(E).            { A = build_unary(p, EXPR_OP_NOT, E, T); }
expr(A) ::= BITNOT(T) expr(E).         { A = build_unary(p, EXPR_OP_BIT_NOT, E, T); }
expr(A) ::= PLUS(T) expr(E). [BITNOT]  { A = build_unary(p, EXPR_OP_PLUS, E, T); }
expr(A) ::= MINUS(T) expr(E). [BITNOT] { A = build_unary(p, EXPR_OP_NEGATE, E, T); }

%type quantifier {bool} // whether it is ALL
quantifier(A) ::= SOME. { A = false; } // ANY too
quantifier(A) ::= ALL.  { A = true; }

%type between {bool}
%type in {bool}
between(A) ::= BETWEEN.     { A = false; }
between(A) ::= NOT BETWEEN. { A = true; }
expr(A) ::= expr(E) between(N) expr(L) AND expr(H). [BETWEEN] { A = build_between(p, N, E, L, H); }
in(A) ::= IN.     { A = false; }
in(A) ::= NOT IN. { A = true; }
expr(A) ::= expr(E) in(N) LP expr_list(L) RP. [IN]
    { A = L.count == 0 ? build_in_nothing(p, N, E) : build_in(p, N, E, L, NULL); }
expr(A) ::= expr(E) in(N) LP select(S) RP. [IN]
    { A = build_in(p, N, E, (struct expr_list){0}, S); }
expr(A) ::= expr(E) in(N) name(T) qualifier(Q). [IN]
    { A = build_in(p, N, E, (struct expr_list){0},
                   build_select_star(p, Q.text ? T : no_name(), Q.text ? Q : T, false,
                                     (struct expr_list){0})); }
expr(A) ::= expr(E) in(N) name(T) qualifier(Q) LP expr_list(L) RP. [IN]
    { A = build_in(p, N, E, (struct expr_list){0},
                   build_select_star(p, Q.text ? T : no_name(), Q.text ? Q : T, true, L)); }
expr(A) ::= LP(T) select(S) RP.        { A = build_subquery(p, EXPR_SUBQUERY, T, S); }
expr(A) ::= EXISTS(T) LP select(S) RP. { A = build_subquery(p, EXPR_EXISTS, T, S); }

%type case_base {struct expr *}
%type case_else {struct expr *}
%type case_list {struct expr_list}
expr(A) ::= CASE(T) case_base(B) case_list(L) case_else(E) END. { A = build_case(p, T, B, L, E); }
case_base(A) ::= .             { A = NULL; }
case_base(A) ::= expr(A).
case_else(A) ::= .             { A = NULL; }
case_else(A) ::= ELSE expr(E). { A = E; }
case_list(A) ::= WHEN expr(W) THEN expr(T).
    { A = list_add(p, list_add(p, (struct expr_list){0}, W), T); }
case_list(A) ::= case_list(L) WHEN expr(W) THEN expr(T). { A = list_add(p, list_add(p, L, W), T); }

expr(A) ::= RAISE(T) LP IGNORE RP.
    { A = build_raise(p, T, CONFLICT_IGNORE, NULL); }
expr(A) ::= RAISE(T) LP raise_kind(K) COMMA expr(E) RP.  { A = build_raise(p, T, K, E); }

/* --- windows ---------------------------------------------------------------------------------- */
%type window_list {struct window_list}
%type window_named {struct window_def *}
%type window {struct window_def *}
%type frame {struct window_def *}
%type frame_unit {int}
%type frame_start {struct frame_limit}
%type frame_end {struct frame_limit}
%type frame_limit {struct frame_limit}
%type exclude {enum frame_exclude}
window_list(A) ::= window_named(W). { A = (struct window_list){W, W}; }
window_list(A) ::= window_list(L) COMMA window_named(W).
    { L.last->next = W; A = (struct window_list){L.first, W}; }
window_named(A) ::= name(N) AS LP window(W) RP. { A = W; A->name = N; }
window(A) ::= PARTITION BY expr_list_some(P) order_by_opt(O) frame(F).
    { A = build_window(p, no_name(), P, O, F); }
window(A) ::= name(B) PARTITION BY expr_list_some(P) order_by_opt(O) frame(F).
    { A = build_window(p, B, P, O, F); }
window(A) ::= ORDER BY sort_list(O) frame(F).
    { A = build_window(p, no_name(), (struct expr_list){0}, O, F); }
window(A) ::= name(B) ORDER BY sort_list(O) frame(F).
    { A = build_window(p, B, (struct expr_list){0}, O, F); }
window(A) ::= frame(F).
    { A = build_window(p, no_name(), (struct expr_list){0}, (struct order_list){0}, F); }
window(A) ::= name(B) frame(F).
    { A = build_window(p, B, (struct expr_list){0}, (struct order_list){0}, F); }
frame(A) ::= . { A = NULL; }
frame(A) ::= frame_unit(U) frame_start(S) exclude(X) here(T).
    { A = build_frame(p, U, S, (struct frame_limit){.bound = FRAME_CURRENT_ROW}, X, T); }
frame(A) ::= frame_unit(U) BETWEEN frame_start(S) AND frame_end(E) exclude(X) here(T).
    { A = build_frame(p, U, S, E, X, T); }
frame_unit(A) ::= RANGE.  { A = FRAME_RANGE; }
frame_unit(A) ::= ROWS.   { A = FRAME_ROWS; }
frame_unit(A) ::= GROUPS. { A = FRAME_GROUPS; }
frame_start(A) ::= frame_limit(A).
frame_start(A) ::= UNBOUNDED PRECEDING.
    { A = (struct frame_limit){.bound = FRAME_UNBOUNDED_PRECEDING}; }
frame_end(A) ::= frame_limit(A).
frame_end(A) ::= UNBOUNDED FOLLOWING.
    { A = (struct frame_limit){.bound = FRAME_UNBOUNDED_FOLLOWING}; }
frame_limit(A) ::= expr(E) PRECEDING.
    { A = (struct frame_limit){.bound = FRAME_PRECEDING, .offset = E}; }
frame_limit(A) ::= expr(E) FOLLOWING.
    { A = (struct frame_limit){.bound = FRAME_FOLLOWING, .offset = E}; }
frame_limit(A) ::= CURRENT ROW.         { A = (struct frame_limit){.bound = FRAME_CURRENT_ROW}; }
exclude(A) ::= .                     { A = EXCLUDE_NOTHING; }
exclude(A) ::= EXCLUDE NO OTHERS.    { A = EXCLUDE_NO_OTHERS; }
exclude(A) ::= EXCLUDE CURRENT ROW.  { A = EXCLUDE_CURRENT_ROW; }
exclude(A) ::= EXCLUDE GROUP.        { A = EXCLUDE_GROUP; }
exclude(A) ::= EXCLUDE TIES.         { A = EXCLUDE_TIES; }

/* --- the driver ------------------------------------------------------------------------------- */
%code {
bool token_is_fallback(int code)
{
    return code > 0 && GrammarFallback(code) == TOKEN_ID;
}

/* Feeds one token; true when the statement is done. */
static bool feed(struct parser *p, yyParser *engine, int code, struct token token)
{
    Grammar(engine, code, token);
    if ((const char *)engine->yytos - (const char *)engine->yystack >
        (ptrdiff_t)(p->limits->nesting * sizeof *engine->yystack))
        parser_fail(p, token_position(p, token), "Recursion limit");
    return p->done;
}

/* Whether token `code`, which has no fallback, can come next: goes through the reductions that it
 * would cause, without their actions.  states: those that they push, above the first kept entries. */
static bool accepts(const yyParser *engine, int code)
{
    enum { STATES_MAX = 64 };
    YYACTIONTYPE states[STATES_MAX], state = engine->yytos->stateno;
    ptrdiff_t    kept = engine->yytos - engine->yystack + 1;
    int          pushed = 0;

    for (;;) {
        YYACTIONTYPE action = yy_find_shift_action((YYCODETYPE)code, state);
        int          popped;

        if (action < YY_MIN_REDUCE)
            return action <= YY_MAX_SHIFTREDUCE;
        popped = -yyRuleInfoNRhs[action - YY_MIN_REDUCE];
        if (popped > pushed) {
            kept -= popped - pushed;
            pushed = 0;
        } else {
            pushed -= popped;
        }
        if (pushed == STATES_MAX)
            return false;
        state = pushed > 0 ? states[pushed - 1] : engine->yystack[kept - 1].stateno;
        state = yy_find_reduce_action(state, yyRuleInfoLhs[action - YY_MIN_REDUCE]);
        states[pushed++] = state;
    }
}

enum { TOKENS_PER_POLL = 64 };

/* Where the driver is in the innermost VALUES. */
struct values_state {
    int      parens;        /* open ones */
    int      values_parens; /* as many were open at its VALUES; -1: none */
    uint32_t width;         /* of the row, so far */
};

/* Whether token `code` ends a row of VALUES. */
static bool ends_row(struct values_state *state, int code)
{
    if (code == TOKEN_VALUES)
        state->values_parens = state->parens;
    else if (code == TOKEN_LP && state->parens++ == state->values_parens)
        state->width = 1;
    else if (code == TOKEN_COMMA && state->parens == state->values_parens + 1)
        state->width++;
    else if (code == TOKEN_RP && --state->parens < state->values_parens)
        state->values_parens = -1;
    return code == TOKEN_RP && state->parens == state->values_parens;
}

/* Rows of literals behind a row of VALUES that ends at `at`; returns what is behind them. */
static size_t feed_literals(struct parser *p, yyParser *engine, size_t at, uint32_t width)
{
    if (!accepts(engine, TOKEN_LITERAL_ROWS))
        return at;
    for (;;) {
        size_t end = values_read_literals(p, at, width);

        if (end == at)
            return at;
        parser_poll(p);
        feed(p, engine, TOKEN_LITERAL_ROWS, (struct token){p->sql + at, (uint32_t)(end - at)});
        p->text_end = p->sql + end;
        at = end;
    }
}

/* What an ambiguous token that ends at `at` is. */
static int disambiguate(const struct parser *p, const yyParser *engine, size_t at, int word,
                        int before)
{
    int code = token_disambiguate(p->sql, p->bytes, at, word, before);

    return token_is_ours(code) && !accepts(engine, code) ? token_plain(word) : code;
}

size_t grammar_run(struct parser *p, size_t at, int first)
{
    yyParser            engine; /* lies on the C stack: leaving by longjmp loses nothing */
    struct values_state values = {0, -1, 0};
    uint32_t            tokens = 0;
    int                 before = 0;

    GrammarInit(&engine, p);
    if (first != 0)
        feed(p, &engine, first, (struct token){p->sql + at, 0});
    for (;;) {
        int          code;
        size_t       length;
        struct token token;

        if (at < p->bytes && p->sql[at] == ' ') /* as between most tokens */
            at++;
        length = token_read(p->sql, p->bytes, at, &code);
        token = (struct token){p->sql + at, (uint32_t)length};
        at += length;
        if (++tokens % TOKENS_PER_POLL == 0)
            parser_poll(p);
        if (code == TOKEN_BLANK)
            continue;
        if (code == TOKEN_ILLEGAL)
            parser_fail(p, token_position(p, token), "unrecognized token: \"%.*s\"", (int)length,
                        token.text);
        if (code == TOKEN_EOF)
            break;
        if (unlikely(token_is_ambiguous(code)))
            code = disambiguate(p, &engine, at, code, before);
        if (feed(p, &engine, code, token))
            return at;
        p->text_end = token.text + length;
        if (ends_row(&values, code))
            at = feed_literals(p, &engine, at, values.width);
        if (code != TOKEN_NULLS || before != TOKEN_NULLS_BEHIND)
            before = code;
    }
    /* The end stands for a semicolon, as in SQLite. */
    if (first != 0 || !feed(p, &engine, TOKEN_SEMI, (struct token){p->sql + at, 0}))
        feed(p, &engine, 0, (struct token){p->sql + at, 0});
    return at;
}
}
