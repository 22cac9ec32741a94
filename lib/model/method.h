/* A method is one descriptor: what it needs, what can be tuned, what it makes, and its functions. Fitting, applying,
 * explaining, scoring, saving, the command's options, the bindings and the documentation are all made from it. */
#ifndef CM_MODEL_METHOD_H
#define CM_MODEL_METHOD_H

#include "custmine/model.h"
#include "table/options.h"
#include "table/table.h"

typedef enum cm_input_kind { CM_INPUT_CUSTOMERS, CM_INPUT_BASKETS, CM_INPUT_TABLE } cm_input_kind;

/* A column that the method needs. A method that has an option `columns` (a list) takes the columns named there, all as
 * FLOAT64, instead of these where it is set. */
typedef struct cm_input_spec {
    const char *column;   /* its name in the input table */
    const char *shown_as; /* its name in the scores; NULL: not shown */
    const char *help;
    int32_t type; /* CM_INT64, CM_DECIMAL or CM_FLOAT64: what the method gets; narrower columns are widened to it.
                   * CM_LIST: the column is there, and the method reads it in the table */
} cm_input_spec;

/* A column of a table that the method makes. The scores' own are those after the id and the inputs. */
typedef struct cm_output_spec {
    const char *table;
    const char *column;
    const char *help;
    int32_t type;
    bool by_fit, by_apply; /* who makes the table */
} cm_output_spec;

#define CM_MOST_INPUTS 64
#define CM_MOST_OUTPUTS 16

/* The rows of a table that have all inputs, column by column. */
typedef struct cm_inputs {
    const cm_table *table;
    uint64_t count;    /* of inputs */
    uint64_t rows;     /* complete ones; of a method that takes absent values, all */
    uint64_t *numbers; /* their row numbers in the table; room for all */
    struct {
        const char *name, *shown_as; /* borrowed from the table or the method */
        int32_t type, scale;
        int64_t *integers; /* INT64, DECIMAL */
        double *reals;     /* FLOAT64; absent is NaN */
        cm_column *source; /* where these come from, of all rows of the table */
    } columns[CM_MOST_INPUTS];
} cm_inputs;

/* Reasons of one row, the strongest first; added by the method, fixed room. */
typedef struct cm_reasons {
    uint64_t count;
    struct {
        const char *code;
        char arguments[200]; /* 0x1F between them */
    } items[CM_MOST_OUTPUTS];
} cm_reasons;

/* Room for the texts that a row's outputs point to. */
typedef struct cm_scratch {
    char text[1024];
} cm_scratch;
void cm_reasons_add(cm_reasons *reasons, const char *code, const cm_cell *arguments, uint64_t count);

typedef struct cm_method {
    cm_topic topic; /* name, one line of help, options */
    cm_input_kind input;
    const char *incomplete;        /* why a row without all inputs is left out: "no purchase" */
    bool takes_absent;             /* rows are not left out; the inputs are FLOAT64, absent ones NaN */
    bool fits_columns;             /* fit reads the sources of the inputs, of all rows, and puts the summaries into the
                                    * model itself; nothing is copied for it */
    bool any_columns;              /* its option `columns` may be `all`: every column with numbers or dates */
    const cm_input_spec *inputs;   /* ended by a column NULL */
    const cm_output_spec *outputs; /* ended by a table NULL; the first table is what the method is asked for, as a rule
                                    * that of cm_apply */

    /* Puts the tables into the model (cm_model_put), and the fast form where it has it anyway. */
    cm_status (*fit)(cm_context *ctx, const cm_inputs *inputs, const cm_options *options, cm_model *model);
    /* The fast form, from the tables alone, which may come from a file and are not to be trusted: CM_E_FORMAT. After
     * fit it is made at once, or, if it compiles late, when the model is first applied: many want the tables alone. */
    bool compiles_late;
    cm_status (*compile)(cm_context *ctx, const cm_model *model, void **compiled);
    void (*discard)(cm_core *core, void *compiled);
    /* One row: the inputs as cells of the types of their specification; the outputs of the scores, absent unless set.
     * Texts of the outputs are those of `compiled` or lie in `room`. `why` may be NULL. No allocation, and no state but
     * `compiled`. */
    void (*score)(const void *compiled, const cm_cell *in, cm_cell *out, cm_scratch *room, cm_reasons *why);
    /* The same for many rows, where that is worth it: into whole columns, out[i] that of output i from row `first` on:
     * int64_t, double, or int32_t codes, which `text` knows; a code beyond the last is NULL. No cell is absent. */
    void (*score_rows)(const void *compiled, const cm_inputs *in, uint64_t first, uint64_t rows, void *const *out);
    const char *(*text)(const void *compiled, uint64_t output, uint64_t code);
    /* Instead of score (then NULL), where the answer to a row is not one row: the whole table of cm_apply. Such a
     * method has no reasons. */
    cm_status (*apply)(cm_context *ctx, const cm_model *model, const cm_inputs *inputs, cm_table **out);
    /* Its scorer, where it has one: any number of texts in (absent cells are passed over), out any number of answers of
     * `answer_cells` cells, the best first; what is not needed stays absent. The listener is one scorer's own;
     * answering takes no memory. */
    uint64_t answer_cells;
    cm_status (*listen)(cm_context *ctx, const cm_model *model, void **listener);
    void (*leave)(cm_core *core, void *listener);
    void (*answer)(void *listener, const cm_cell *in, uint64_t in_count, cm_cell *out, uint64_t out_count);
    /* Tables about all the scores, attached to them (at fit to an empty table). May be NULL. */
    cm_status (*summarise)(cm_context *ctx, const cm_model *model, const cm_inputs *inputs, cm_table *scores);
} cm_method;

/* The registry: lib/model/registry.c. */
const cm_method *const *cm_methods(uint64_t *count);
const cm_method *cm_method_find(const char *name);

/* ---- models ---- */

struct cm_model {
    atomic_uint_fast64_t references;
    cm_core *core;
    const cm_method *method;
    cm_options *options; /* what the table "options" says */
    uint64_t count, capacity;
    struct cm_model_part {
        char *name;
        cm_table *table;
    } *parts;
    _Atomic(void *) compiled; /* the fast form; NULL: not yet */
};

cm_status cm_model_make(cm_context *ctx, const cm_method *method, cm_model **out);
/* Puts a table into a model that is being made; retained. A table of that name is replaced. */
cm_status cm_model_put(cm_context *ctx, cm_model *model, const char *name, cm_table *table);
/* The same with a table that was just made, unless that failed; either way *table is released, and NULL. */
cm_status cm_model_give(cm_context *ctx, cm_model *model, const char *name, cm_status status, cm_table **table);
/* Compiles a model whose tables are there, unless it has its fast form already; any number of threads may ask. */
cm_status cm_model_compile(cm_context *ctx, const cm_model *model);
cm_table *cm_model_get(const cm_model *model, const char *name); /* borrowed; NULL if there is none */

/* ---- inputs and scores, for all methods ---- */

cm_status cm_inputs_open(cm_context *ctx, const cm_model *model, const cm_table *table, cm_inputs *out);
/* The option `columns` of a model that is being made: where it is `all` (and no column has that name), the names. */
cm_status cm_inputs_name_all(cm_context *ctx, const cm_model *model, const cm_table *table, const cm_table *options,
                             cm_table **out);
/* The sources alone: rows are all those of the table, without numbers and values. */
cm_status cm_inputs_open_columns(cm_context *ctx, const cm_model *model, const cm_table *table, cm_inputs *out);
/* A cell as a real number: a date in days, a time in days and parts of a day since 1970; NaN if it is absent. */
double cm_input_real(const cm_column *column, const cm_chunk *chunk, uint64_t row);
uint64_t cm_input_count(const cm_model *model);
int32_t cm_input_type(const cm_model *model, uint64_t index);
const char *cm_input_name(const cm_model *model, uint64_t index);
void cm_inputs_close(cm_core *core, cm_inputs *inputs);
cm_cell cm_input_cell(const cm_inputs *inputs, uint64_t index, uint64_t row); /* of the complete rows; absent: type 0 */
uint64_t cm_output_count(const cm_method *method);                              /* columns of its first table */
int64_t cm_find_id(const cm_table *table); /* the column that rows are known by; -1: their number */
/* A cell of STRING or of a type that is kept as an integer, set in a builder's column of that type. */
cm_status cm_copy_cell(cm_context *ctx, cm_builder *builder, uint64_t to, const cm_table *table, uint64_t column,
                       uint64_t row);
/* The scores of rows by the compiled model, with the summaries and the audit attached. */
cm_status cm_score_inputs(cm_context *ctx, const cm_model *model, const cm_inputs *inputs, cm_table **out);

#endif
