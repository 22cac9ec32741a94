-- Made by make_cdef.sh from the public headers.
require("ffi").cdef [[
static const int32_t CM_VERSION_MAJOR = 0;
static const int32_t CM_VERSION_MINOR = 1;
static const int32_t CM_VERSION_PATCH = 0;
static const int32_t CM_ABI_VERSION = 0;
static const int32_t CM_OK = 0;
static const int32_t CM_E_MEMORY = -1;
static const int32_t CM_E_ARGUMENT = -2;
static const int32_t CM_E_OPTION = -3;
static const int32_t CM_E_IO = -4;
static const int32_t CM_E_FORMAT = -5;
static const int32_t CM_E_DATA = -6;
static const int32_t CM_E_COLUMN = -7;
static const int32_t CM_E_OVERFLOW = -8;
static const int32_t CM_E_LIMIT = -9;
static const int32_t CM_E_VERSION = -10;
static const int32_t CM_E_CANCELLED = -11;
static const int32_t CM_E_DUPLICATE = -12;
static const int32_t CM_E_NOT_FOUND = -13;
static const int32_t CM_E_UNSUPPORTED = -14;
static const int32_t CM_LOG_ERROR = 1;
static const int32_t CM_LOG_WARNING = 2;
static const int32_t CM_LOG_INFO = 3;
static const int32_t CM_BOOL = 1;
static const int32_t CM_INT64 = 2;
static const int32_t CM_FLOAT64 = 3;
static const int32_t CM_DECIMAL = 4;
static const int32_t CM_DATE = 5;
static const int32_t CM_TIMESTAMP = 6;
static const int32_t CM_STRING = 7;
static const int32_t CM_LIST = 8;
static const int32_t CM_ROLE_NONE = 0;
static const int32_t CM_ROLE_CUSTOMER = 1;
static const int32_t CM_ROLE_INVOICE = 2;
static const int32_t CM_ROLE_DATE = 3;
static const int32_t CM_ROLE_ITEM = 4;
static const int32_t CM_ROLE_ITEM_NAME = 5;
static const int32_t CM_ROLE_QUANTITY = 6;
static const int32_t CM_ROLE_PRICE = 7;
static const int32_t CM_ROLE_AMOUNT = 8;
static const int32_t CM_ROLE_COST = 9;
static const int32_t CM_ROLE_CURRENCY = 10;
static const int32_t CM_COLUMN_UTC = 1;
typedef int32_t cm_status;
typedef struct cm_options cm_options;
typedef struct cm_table cm_table;
typedef struct cm_context cm_context;
typedef struct cm_allocator {
    uint64_t struct_size;
    void *(*resize)(void *user, void *pointer, uint64_t old_size, uint64_t new_size);
    void *user;
} cm_allocator;
typedef struct cm_error {
    uint64_t struct_size;
    const char *message;
    const char *reason;
    const char *arguments;
    const char *file;
    const char *field;
    uint64_t line;
    uint64_t column;
    uint64_t byte_offset;
    cm_status status;
    int32_t reserved;
} cm_error;
typedef void (*cm_log_function)(void *user, int32_t level, const char *message);
typedef int32_t (*cm_progress_function)(void *user, const char *stage, uint64_t done, uint64_t total);
cm_status cm_context_new(const cm_allocator *allocator, cm_context **out);
void cm_context_free(cm_context *ctx);
cm_status cm_context_configure(cm_context *ctx, const cm_options *options);
cm_status cm_context_on_log(cm_context *ctx, int32_t level, cm_log_function function, void *user);
cm_status cm_context_on_progress(cm_context *ctx, cm_progress_function function, void *user);
void cm_context_cancel(cm_context *ctx);
uint64_t cm_context_peak_memory(const cm_context *ctx);
const char *cm_error_message(const cm_context *ctx);
void cm_error_get(const cm_context *ctx, cm_error *out);
const char *cm_status_name(cm_status status);
const char *cm_version(void);
int32_t cm_abi_version(void);
cm_status cm_options_new(cm_context *ctx, const char *topic, cm_options **out);
void cm_options_free(cm_options *options);
cm_status cm_options_set_int(cm_context *ctx, cm_options *options, const char *name, int64_t value);
cm_status cm_options_set_double(cm_context *ctx, cm_options *options, const char *name, double value);
cm_status cm_options_set_text(cm_context *ctx, cm_options *options, const char *name, const char *value);
cm_status cm_options_add_text(cm_context *ctx, cm_options *options, const char *name, const char *value);
cm_status cm_options_set_table(cm_context *ctx, cm_options *options, const char *name, const cm_table *value);
cm_status cm_describe_options(cm_context *ctx, const char *topic, cm_table **out);
cm_status cm_describe(cm_context *ctx, const char *what, cm_table **out);
typedef struct cm_column_view {
    uint64_t struct_size;
    const char *name;
    const void *values;
    const int64_t *offsets;
    const uint8_t *validity;
    uint64_t bit_offset;
    uint64_t first_row;
    uint64_t rows;
    uint64_t dictionary_size;
    int32_t type;
    int32_t scale;
    int32_t role;
    int32_t flags;
} cm_column_view;
uint64_t cm_table_rows(const cm_table *table);
uint64_t cm_table_columns(const cm_table *table);
uint64_t cm_table_chunks(const cm_table *table);
int64_t cm_table_find(const cm_table *table, const char *name);
int64_t cm_table_find_role(const cm_table *table, int32_t role);
int32_t cm_table_view(const cm_table *table, uint64_t column, uint64_t chunk, cm_column_view *out);
const char *cm_table_dictionary_text(const cm_table *table, uint64_t column, int32_t code, uint64_t *length);
int32_t cm_table_is_absent(const cm_table *table, uint64_t row, uint64_t column);
int64_t cm_table_int(const cm_table *table, uint64_t row, uint64_t column);
double cm_table_double(const cm_table *table, uint64_t row, uint64_t column);
const char *cm_table_text(const cm_table *table, uint64_t row, uint64_t column, uint64_t item, uint64_t *length);
uint64_t cm_table_items(const cm_table *table, uint64_t row, uint64_t column);
cm_table *cm_table_retain(const cm_table *table);
void cm_table_free(cm_table *table);
cm_status cm_table_schema(cm_context *ctx, const cm_table *table, cm_table **out);
cm_status cm_table_attached(cm_context *ctx, const cm_table *table, const char *name, cm_table **out);
typedef struct cm_builder cm_builder;
cm_status cm_builder_new(cm_context *ctx, cm_builder **out);
void cm_builder_free(cm_builder *builder);
cm_status cm_builder_column(cm_context *ctx, cm_builder *builder, const char *name, int32_t type, int32_t scale,
                                   int32_t role);
cm_status cm_builder_int(cm_context *ctx, cm_builder *builder, uint64_t column, int64_t value);
cm_status cm_builder_double(cm_context *ctx, cm_builder *builder, uint64_t column, double value);
cm_status cm_builder_text(cm_context *ctx, cm_builder *builder, uint64_t column, const char *text,
                                 uint64_t length);
cm_status cm_builder_row(cm_context *ctx, cm_builder *builder);
cm_status cm_builder_values(cm_context *ctx, cm_builder *builder, uint64_t column, const void *values,
                                   const uint8_t *validity, uint64_t rows);
cm_status cm_builder_texts(cm_context *ctx, cm_builder *builder, uint64_t column, const char *bytes,
                                  const int64_t *offsets, const uint8_t *validity, uint64_t rows);
cm_status cm_builder_finish(cm_context *ctx, cm_builder *builder, cm_table **out);
cm_status cm_table_select(cm_context *ctx, const cm_table *table, const char *const *names, uint64_t count,
                                 cm_table **out);
cm_status cm_table_with_role(cm_context *ctx, const cm_table *table, const char *column, int32_t role,
                                    cm_table **out);
cm_status cm_table_slice(cm_context *ctx, const cm_table *table, uint64_t first, uint64_t rows, cm_table **out);
cm_status cm_table_filter(cm_context *ctx, const cm_table *table, const char *column, const char *comparison,
                                 const char *value, cm_table **out);
cm_status cm_table_sort(cm_context *ctx, const cm_table *table, const char *const *columns,
                               const int32_t *falling, uint64_t count, cm_table **out);
cm_status cm_table_join(cm_context *ctx, const cm_table *left, const cm_table *right, const cm_options *options,
                               cm_table **out);
cm_status cm_table_concat(cm_context *ctx, const cm_table *const *tables, uint64_t count, cm_table **out);
struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};
struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};
struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};
cm_status cm_table_import_arrow(cm_context *ctx, struct ArrowSchema *schema, struct ArrowArray *array,
                                       cm_table **out);
cm_status cm_table_import_stream(cm_context *ctx, struct ArrowArrayStream *stream, cm_table **out);
cm_status cm_table_export_arrow(cm_context *ctx, const cm_table *table, const cm_options *options,
                                       struct ArrowSchema *schema, struct ArrowArray *array);
cm_status cm_table_export_stream(cm_context *ctx, const cm_table *table, const cm_options *options,
                                        struct ArrowArrayStream *stream);
cm_status cm_read_csv(cm_context *ctx, const char *path, const cm_options *options, cm_table **out);
typedef struct cm_reader cm_reader;
cm_status cm_reader_open(cm_context *ctx, const char *path, const cm_options *options, cm_reader **out);
cm_status cm_reader_next(cm_context *ctx, cm_reader *reader, cm_table **out);
cm_status cm_reader_audit(cm_context *ctx, const cm_reader *reader, cm_table **out);
void cm_reader_free(cm_reader *reader);
cm_status cm_reader_push(cm_context *ctx, cm_reader *reader, const void *bytes, uint64_t length);
typedef int64_t (*cm_read_function)(void *user, void *out, uint64_t wanted);
cm_status cm_reader_pull(cm_context *ctx, cm_reader *reader, cm_read_function function, void *user);
cm_status cm_read_json(cm_context *ctx, const char *path, const cm_options *options, cm_table **out);
cm_status cm_read_baskets(cm_context *ctx, const char *path, const cm_options *options, cm_table **out);
typedef int32_t (*cm_write_function)(void *user, const char *bytes, uint64_t length);
cm_status cm_write_file(cm_context *ctx, const cm_table *table, const cm_options *options, const char *path);
cm_status cm_write(cm_context *ctx, const cm_table *table, const cm_options *options, cm_write_function function,
                          void *user);
cm_status cm_customers(cm_context *ctx, const cm_table *sales, const cm_options *options, cm_table **out);
cm_status cm_baskets(cm_context *ctx, const cm_table *sales, const cm_options *options, cm_table **out);
cm_status cm_checks(cm_context *ctx, const cm_table *sales, const cm_options *options, cm_table **out);
typedef struct cm_orders cm_orders;
cm_status cm_orders_new(cm_context *ctx, const cm_options *options, cm_orders **out);
void cm_orders_free(cm_orders *orders);
cm_status cm_orders_update(cm_context *ctx, cm_orders *orders, const cm_table *sales, const char *batch);
cm_status cm_orders_merge(cm_context *ctx, cm_orders *orders, const cm_orders *other);
cm_status cm_orders_remove(cm_context *ctx, cm_orders *orders, int32_t role, const char *id);
cm_status cm_orders_rename(cm_context *ctx, cm_orders *orders, int32_t role, const char *from, const char *to);
cm_status cm_orders_customers(cm_context *ctx, const cm_orders *orders, const cm_options *options,
                                     cm_table **out);
cm_status cm_orders_baskets(cm_context *ctx, const cm_orders *orders, const cm_options *options,
                                   cm_table **out);
cm_status cm_orders_table(cm_context *ctx, const cm_orders *orders, cm_table **out);
cm_status cm_orders_save(cm_context *ctx, const cm_orders *orders, const char *path);
cm_status cm_orders_load(cm_context *ctx, const char *path, cm_orders **out);
typedef struct cm_model cm_model;
cm_status cm_fit(cm_context *ctx, const char *method, const cm_table *table, const cm_options *options,
                        cm_model **out);
cm_status cm_apply(cm_context *ctx, const cm_model *model, const cm_table *table, cm_table **out);
cm_status cm_explain(cm_context *ctx, const cm_model *model, const cm_table *table, cm_table **out);
const char *cm_model_method(const cm_model *model);
cm_status cm_model_table(cm_context *ctx, const cm_model *model, const char *name, cm_table **out);
cm_model *cm_model_retain(const cm_model *model);
void cm_model_free(cm_model *model);
cm_status cm_model_save(cm_context *ctx, const cm_model *model, const char *path);
cm_status cm_model_load(cm_context *ctx, const char *path, cm_model **out);
typedef struct cm_cell {
    int32_t type;
    int32_t scale;
    int64_t integer;
    double real;
    const char *text;
    uint64_t length;
} cm_cell;
typedef struct cm_scorer cm_scorer;
cm_status cm_scorer_new(cm_context *ctx, const cm_model *model, cm_scorer **out);
cm_status cm_scorer_row(cm_context *ctx, cm_scorer *scorer, const cm_cell *in, uint64_t in_count, cm_cell *out,
                               uint64_t out_count);
void cm_scorer_free(cm_scorer *scorer);
]]
