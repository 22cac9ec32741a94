/* Tables from CSV: types, roles, bad rows, options, portions; and real files where they are at hand. */
#include "reading.h"
#include "table/table.h"

/* A cell as text, "-" if absent; borrowed until the fourth call after. */
static const char *cell(const cm_table *table, uint64_t row, const char *name) {
    static char rooms[4][200];
    static int next;
    char *room = rooms[next++ % 4];
    int64_t column = cm_table_find(table, name);
    ck_assert_msg(column >= 0, "no column %s", name);
    const cm_column *at = table->columns[column];
    uint64_t within, chunk = cm_table_locate(table, row, &within), length;
    if (cm_table_is_absent(table, row, (uint64_t)column)) return "-";
    if (at->type == CM_LIST) return cm_table_text(table, row, (uint64_t)column, 0, &length);
    char printed[CM_CELL_TEXT];
    const char *text = cm_cell_text(at, &at->chunks[chunk], within, printed, &length);
    snprintf(room, sizeof rooms[0], "%.*s", (int)length, text);
    return room;
}

static void expect_column(const cm_table *table, const char *name, int32_t type, int32_t scale, int32_t role) {
    cm_column_view view = {.struct_size = sizeof view};
    ck_assert_msg(cm_table_find(table, name) >= 0, "no column %s", name);
    ck_assert_int_eq(cm_table_view(table, (uint64_t)cm_table_find(table, name), 0, &view), 1);
    ck_assert_msg(view.type == type && view.scale == scale && view.role == role, "%s: type %d scale %d role %d", name,
                  view.type, view.scale, view.role);
}

/* The rows of one line of the audit; -1: there is no such line. */
static int64_t audited(const cm_table *audit, const char *reason) {
    for (uint64_t row = 0; row < cm_table_rows(audit); row++)
        if (!strcmp(cell(audit, row, "reason"), reason)) return cm_table_int(audit, row, 2);
    return -1;
}

START_TEST(sales) {
    cm_table *table = read_table(DATA "good-sales.csv");
    ck_assert_uint_eq(cm_table_rows(table), 4);
    expect_column(table, "InvoiceNo", CM_STRING, 0, CM_ROLE_INVOICE);
    expect_column(table, "StockCode", CM_STRING, 0, CM_ROLE_ITEM);
    expect_column(table, "Description", CM_STRING, 0, CM_ROLE_ITEM_NAME);
    expect_column(table, "Quantity", CM_INT64, 0, CM_ROLE_QUANTITY);
    expect_column(table, "InvoiceDate", CM_TIMESTAMP, 0, CM_ROLE_DATE);
    expect_column(table, "UnitPrice", CM_DECIMAL, 3, CM_ROLE_PRICE);
    expect_column(table, "CustomerID", CM_STRING, 0, CM_ROLE_CUSTOMER);
    expect_column(table, "Country", CM_STRING, 0, CM_ROLE_NONE);
    ck_assert_str_eq(cell(table, 1, "StockCode"), "007");
    ck_assert_str_eq(cell(table, 1, "Description"), "LAMP, \"BIG\"");
    ck_assert_str_eq(cell(table, 3, "Description"), "-");
    ck_assert_str_eq(cell(table, 2, "Quantity"), "-1");
    ck_assert_str_eq(cell(table, 3, "UnitPrice"), "3.000");
    ck_assert_str_eq(cell(table, 0, "CustomerID"), "17850.0");
    ck_assert_str_eq(cell(table, 3, "CustomerID"), "-");
    cm_table *audit = attached(table, "audit"), *columns = attached(table, "columns");
    ck_assert_int_eq(audited(audit, "read"), 4);
    ck_assert_int_eq(audited(audit, "kept"), 4);
    ck_assert_uint_eq(cm_table_rows(audit), 2);
    ck_assert_str_eq(cell(audit, 1, "money"), "36.000"); /* 15.300 + 20.250 - 2.550 + 3.000 */
    ck_assert_uint_eq(cm_table_rows(columns), 8);
    ck_assert_str_eq(cell(columns, 5, "column"), "UnitPrice");
    ck_assert_str_eq(cell(columns, 5, "role"), "price");
    ck_assert_str_eq(cell(columns, 5, "type"), "DECIMAL");
    ck_assert_str_eq(cell(columns, 5, "min"), "2.550");
    ck_assert_str_eq(cell(columns, 5, "max"), "10.125");
    ck_assert_str_eq(cell(columns, 5, "distinct"), "-");
    ck_assert_str_eq(cell(columns, 5, "examples"), "2.550");
    ck_assert_str_eq(cell(columns, 6, "absent"), "1");
    ck_assert_str_eq(cell(columns, 1, "distinct"), "3");
    ck_assert_str_eq(cell(columns, 1, "min"), "007");
    ck_assert_str_eq(cell(columns, 1, "max"), "85123A");
    ck_assert_str_eq(cell(columns, 7, "role"), "-");
    ck_assert_ptr_nonnull(strstr(cell(columns, 5, "decided_by"), "10.125 on line 3"));
    cm_table_free(audit);
    cm_table_free(columns);
    cm_table_free(table);
}
END_TEST

START_TEST(small_files) {
    set("decimal", ",");
    cm_table *table = read_table(DATA "good-semicolon-bom.csv");
    expect_column(table, "date", CM_DATE, 0, CM_ROLE_DATE);
    expect_column(table, "amount", CM_DECIMAL, 2, CM_ROLE_AMOUNT);
    ck_assert_str_eq(cell(table, 0, "customer"), "00017");
    ck_assert_str_eq(cell(table, 1, "date"), "2011-02-01");
    ck_assert_str_eq(cell(table, 1, "amount"), "12.00");
    cm_table_free(table);
    set("decimal", ".");
    table = read_table(DATA "good-packed.csv.gz");
    ck_assert_uint_eq(cm_table_rows(table), 2);
    ck_assert_str_eq(cell(table, 1, "amount"), "6.25");
    cm_table_free(table);
    table = read_table(DATA "good-header-only.csv");
    ck_assert_uint_eq(cm_table_rows(table), 0);
    ck_assert_uint_eq(cm_table_columns(table), 3);
    cm_table_free(table);
    table = read_table(DATA "good-line-ends.csv");
    ck_assert_uint_eq(cm_table_rows(table), 3);
    ck_assert_str_eq(cell(table, 0, "note"), "two\nlines");
    ck_assert_str_eq(cell(table, 1, "note"), "");
    ck_assert_str_eq(cell(table, 2, "note"), "-");
    cm_table_free(table);
}
END_TEST

START_TEST(fixed_width) {
    set("delimiter", "blanks");
    set("header", "false");
    set("customer", "1");
    set("date", "3");
    set("quantity", "4");
    set("amount", "5");
    cm_table *table = read_table(DATA "good-fixed-width.txt");
    ck_assert_uint_eq(cm_table_rows(table), 3);
    expect_column(table, "1", CM_STRING, 0, CM_ROLE_CUSTOMER);
    expect_column(table, "3", CM_DATE, 0, CM_ROLE_DATE);
    ck_assert_str_eq(cell(table, 1, "3"), "1997-01-18");
    ck_assert_str_eq(cell(table, 2, "5"), "63.34");
    cm_table_free(table);
}
END_TEST

START_TEST(header_names) {
    cm_table *table = read_table(DATA "good-double-header.csv"), *columns = attached(table, "columns");
    static const char *const names[] = {"a", "b", "a_2", "column_4", "a_2_2"};
    for (uint64_t i = 0; i < 5; i++) ck_assert_str_eq(table->columns[i]->name, names[i]);
    ck_assert_ptr_nonnull(strstr(cell(columns, 2, "decided_by"), "; "));
    ck_assert_ptr_nonnull(strstr(cell(columns, 3, "decided_by"), "blank"));
    cm_table_free(columns);
    cm_table_free(table);
}
END_TEST

START_TEST(bad_rows_fail) {
    cm_error error = refuse(DATA "bad-rows.csv", CM_E_DATA);
    ck_assert_str_eq(error.reason, "ROW_LENGTH");
    ck_assert_str_eq(error.file, DATA "bad-rows.csv");
    ck_assert_uint_eq(error.line, 3);
    ck_assert_uint_eq(error.byte_offset, 36);
    const char *path = make_text("bad.csv", "customer,date,amount\n1,2011-01-01,5\n2,2011-13-01,5\n");
    error = refuse(path, CM_E_DATA);
    ck_assert_str_eq(error.reason, "BAD_DATE");
    ck_assert_str_eq(error.field, "date");
    ck_assert_uint_eq(error.column, 2);
    ck_assert_uint_eq(error.line, 3);
    ck_assert_ptr_nonnull(strstr(error.message, "2011-13-01"));
    unlink(path);
}
END_TEST

START_TEST(bad_rows_collected) {
    set("on_error", "collect");
    cm_table *table = read_table(DATA "bad-rows.csv");
    cm_table *audit = attached(table, "audit"), *rejects = attached(table, "rejects");
    ck_assert_uint_eq(cm_table_rows(table), 2);
    ck_assert_str_eq(cell(table, 1, "amount"), "2.5");
    ck_assert_int_eq(audited(audit, "read"), 7);
    ck_assert_int_eq(audited(audit, "row_length"), 2);
    ck_assert_int_eq(audited(audit, "bad_date"), 1);
    ck_assert_int_eq(audited(audit, "bad_number"), 1);
    ck_assert_int_eq(audited(audit, "number_too_large"), 1);
    ck_assert_int_eq(audited(audit, "kept"), 2);
    ck_assert_str_eq(cell(audit, cm_table_rows(audit) - 1, "money"), "7.5");
    ck_assert_str_eq(cell(audit, 0, "money"), "-");
    ck_assert_uint_eq(cm_table_rows(rejects), 5);
    ck_assert_str_eq(cell(rejects, 0, "reason"), "row_length");
    ck_assert_str_eq(cell(rejects, 0, "record"), "2,2011-01-02");
    ck_assert_str_eq(cell(rejects, 0, "column"), "-");
    ck_assert_str_eq(cell(rejects, 2, "reason"), "bad_number");
    ck_assert_str_eq(cell(rejects, 2, "line"), "5");
    ck_assert_str_eq(cell(rejects, 2, "column"), "3");
    ck_assert_str_eq(cell(rejects, 2, "field"), "amount");
    ck_assert_str_eq(cell(rejects, 2, "value"), "five");
    ck_assert_str_eq(cell(rejects, 2, "file"), DATA "bad-rows.csv");
    ck_assert_str_eq(cell(rejects, 2, "record"), "4,2011-01-04,five");
    cm_table *columns = attached(table, "columns");
    ck_assert_str_eq(cell(columns, 0, "distinct"), "2"); /* rows left out leave no text behind */
    cm_table_free(columns);
    cm_table_free(audit);
    cm_table_free(rejects);
    cm_table_free(table);
}
END_TEST

START_TEST(refusals) {
    ck_assert_str_eq(refuse(DATA "bad-empty.csv", CM_E_DATA).reason, "FILE_EMPTY");
    ck_assert_str_eq(refuse(DATA "bad-cut.csv.gz", CM_E_FORMAT).reason, "GZIP_CUT");
    ck_assert_ptr_nonnull(strstr(refuse(DATA "none.csv", CM_E_IO).message, DATA "none.csv"));
    refuse("tests", CM_E_IO);
    set("amount", "total");
    cm_error error = refuse(DATA "bad-rows.csv", CM_E_COLUMN);
    ck_assert_msg(strstr(error.message, "total") && strstr(error.message, "customer, date, amount"), "%s",
                  error.message);
    set("amount", "date");
    set("date", "date");
    ck_assert_str_eq(refuse(DATA "bad-rows.csv", CM_E_COLUMN).reason, "TWO_ROLES");
    set("delimiter", "ab");
    ck_assert_str_eq(refuse(DATA "good-sales.csv", CM_E_OPTION).reason, "BAD_DELIMITER");
}
END_TEST

START_TEST(ambiguous_dates_stay_text) {
    cm_table *table = read_table(DATA "bad-ambiguous-dates.csv"), *columns = attached(table, "columns");
    expect_column(table, "date", CM_STRING, 0, CM_ROLE_DATE);
    ck_assert_ptr_nonnull(strstr(cell(columns, 1, "decided_by"), "date_order"));
    cm_table_free(columns);
    cm_table_free(table);
    set("date_order", "mdy");
    table = read_table(DATA "bad-ambiguous-dates.csv");
    ck_assert_str_eq(cell(table, 0, "date"), "2011-03-04");
    cm_table_free(table);
}
END_TEST

START_TEST(reading_options) {
    set("ids", "integer");
    add("select", "Country");
    add("select", "CustomerID");
    set("price", "UnitPrice");
    cm_table *table = read_table(DATA "good-sales.csv");
    ck_assert_uint_eq(cm_table_columns(table), 3);
    ck_assert_str_eq(cell(table, 0, "CustomerID"), "17850");
    expect_column(table, "UnitPrice", CM_DECIMAL, 3, CM_ROLE_PRICE);
    cm_table_free(table);
    cm_options_free(options);
    ck_assert_int_eq(cm_options_new(ctx, "read", &options), CM_OK);
    add("na", "NA");
    add("na", "?");
    const char *path = make_text("na.csv", "a,b\nNA,x\n5,?\n\"\",\"\"\n");
    table = read_table(path);
    expect_column(table, "a", CM_INT64, 0, 0);
    ck_assert_str_eq(cell(table, 0, "a"), "-");
    ck_assert_str_eq(cell(table, 2, "a"), "-"); /* an empty text is no number */
    ck_assert_str_eq(cell(table, 1, "b"), "-");
    ck_assert_str_eq(cell(table, 2, "b"), "");
    cm_table_free(table);
    unlink(path);
}
END_TEST

/* For a job on customers only the columns that it takes; of what is no transactions, all. */
START_TEST(only_what_is_used) {
    add("use", "customer");
    add("use", "date");
    add("use", "price");
    add("use", "recency_days");
    cm_table *table = read_table(DATA "good-sales.csv"), *audit = NULL;
    ck_assert_uint_eq(cm_table_columns(table), 3);
    ck_assert_int_ge(cm_table_find_role(table, CM_ROLE_CUSTOMER), 0);
    ck_assert_int_ge(cm_table_find_role(table, CM_ROLE_DATE), 0);
    ck_assert_int_ge(cm_table_find_role(table, CM_ROLE_PRICE), 0);
    ck_assert_int_eq(cm_table_attached(ctx, table, "audit", &audit), CM_OK);
    cm_table_free(audit);
    cm_table_free(table);
    const char *path = make_text("customers.csv", "customer,recency_days,colour\na,1,red\nb,2,blue\n");
    table = read_table(path);
    ck_assert_uint_eq(cm_table_columns(table), 3);
    cm_table_free(table);
    const char *both = make_text("both.csv", "customer,date,recency_days,colour\na,2024-01-01,1,red\n");
    table = read_table(both);
    ck_assert_uint_eq(cm_table_columns(table), 3);
    ck_assert_int_ge(cm_table_find(table, "recency_days"), 0);
    ck_assert_int_lt(cm_table_find(table, "colour"), 0);
    cm_table_free(table);
    set("item_name", "colour"); /* named for a role: kept, used or not */
    add("select", "date");
    table = read_table(both);
    ck_assert_uint_eq(cm_table_columns(table), 2);
    cm_table_free(table);
    unlink(path);
    unlink(both);
}
END_TEST

START_TEST(several_files) {
    const char *one = make_text("one.csv", "id,n\na,1\nb,2\n"), *two = make_text("two.csv", "id,n\nc,2.5\n");
    const char *other = make_text("other.csv", "id,m\nc,2.5\n");
    add("files", two);
    cm_table *table = read_table(one);
    ck_assert_uint_eq(cm_table_rows(table), 3);
    expect_column(table, "n", CM_DECIMAL, 1, 0);
    ck_assert_str_eq(cell(table, 0, "n"), "1.0");
    ck_assert_str_eq(cell(table, 2, "id"), "c");
    cm_table_free(table);
    add("files", other);
    cm_error error = refuse(one, CM_E_DATA);
    ck_assert_str_eq(error.reason, "HEADER_DIFFERS");
    ck_assert(strstr(error.message, one) && strstr(error.message, other));
    unlink(one);
    unlink(two);
    unlink(other);
}
END_TEST

static cm_status limited(const char *path, const char *name, int64_t value) {
    cm_table *table = NULL;
    ck_assert_int_eq(cm_options_set_int(ctx, options, name, value), CM_OK);
    cm_status status = cm_read_csv(ctx, path, options, &table);
    cm_table_free(table);
    return status;
}

START_TEST(limits) {
    static const struct {
        const char *name;
        int64_t limit, back;
    } cases[] = {{"max_rows", 3, 1000}, {"max_columns", 2, 100},   {"max_field", 5, 1000},
                 {"max_row", 8, 1000},  {"max_distinct", 2, 1000}, {"max_bytes", 22, 100000}};
    const char *path = make_text("limits.csv", "id,n\nabcde,12\nb,1\nb,2\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_msg(limited(path, cases[i].name, cases[i].limit - 1) == CM_E_LIMIT, "%s", cases[i].name);
        ck_assert_msg(limited(path, cases[i].name, cases[i].limit) == CM_OK, "%s: %s", cases[i].name,
                      cm_error_message(ctx));
        ck_assert_msg(limited(path, cases[i].name, cases[i].limit + 1) == CM_OK, "%s", cases[i].name);
        limited(path, cases[i].name, cases[i].back);
    }
    unlink(path);
}
END_TEST

/* Portions of any size say together what one table says. */
START_TEST(portions) {
    size_t length = 0;
    char *text = malloc(1 << 16);
    length += (size_t)sprintf(text, "customer,date,amount\n");
    for (int i = 0; i < 1000; i++)
        length +=
            (size_t)sprintf(text + length, "c%d,2011-01-%02d,%s%d.5\n", i * 7 % 50, i % 28 + 1, i % 100 ? "" : "x", i);
    const char *path = make_file("portions.csv", text, length);
    set("on_error", "collect");
    cm_table *whole = read_table(path), *batch = NULL;
    cm_reader *reader = NULL;
    uint64_t rows = 0;
    set("batch_rows", "64");
    ck_assert_int_eq(cm_reader_open(ctx, path, options, &reader), CM_OK);
    const cm_dictionary *shared = NULL;
    while (!cm_reader_next(ctx, reader, &batch) && batch) {
        if (shared) ck_assert_ptr_eq(batch->columns[0]->dictionary, shared);
        shared = batch->columns[0]->dictionary;
        for (uint64_t row = 0; row < cm_table_rows(batch); row++)
            for (uint64_t column = 0; column < 3; column++) {
                const char *name = whole->columns[column]->name;
                QUICK(!strcmp(cell(batch, row, name), cell(whole, rows + row, name)), "row %d", (int)(rows + row));
            }
        rows += cm_table_rows(batch);
        cm_table_free(batch);
    }
    ck_assert_uint_eq(rows, 990);
    ck_assert_uint_eq(cm_table_rows(whole), 990);
    cm_table *audit = NULL, *wanted = attached(whole, "audit");
    ck_assert_int_eq(cm_reader_audit(ctx, reader, &audit), CM_OK);
    ck_assert_uint_eq(cm_table_rows(audit), cm_table_rows(wanted));
    for (uint64_t row = 0; row < cm_table_rows(audit); row++) {
        ck_assert_str_eq(cell(audit, row, "reason"), cell(wanted, row, "reason"));
        ck_assert_str_eq(cell(audit, row, "rows"), cell(wanted, row, "rows"));
        ck_assert_str_eq(cell(audit, row, "money"), cell(wanted, row, "money"));
    }
    ck_assert_int_eq(cm_reader_next(ctx, reader, &batch), CM_OK);
    ck_assert_ptr_null(batch);
    cm_reader_free(reader);
    cm_table_free(audit);
    cm_table_free(wanted);
    cm_table_free(whole);
    unlink(path);
    free(text);
}
END_TEST

START_TEST(standard_input) {
    const char *path = make_text("stdin.csv", "id,n\na,1\nb,2.5\n");
    int saved = dup(STDIN_FILENO);
    ck_assert_ptr_nonnull(freopen(path, "r", stdin));
    cm_table *table = read_table("-");
    ck_assert_uint_eq(cm_table_rows(table), 2);
    expect_column(table, "n", CM_DECIMAL, 1, 0);
    cm_table_free(table);
    dup2(saved, STDIN_FILENO);
    close(saved);
    unlink(path);
}
END_TEST

/* Each allocation in turn fails, once or from then on: an error, nothing lost. */
START_TEST(no_memory) {
    for (int64_t n = 1;; n++) {
        failing_memory memory = {.fail_at = n, .once = _i != 0};
        cm_allocator allocator = {sizeof allocator, failing_resize, &memory};
        cm_context *small = NULL;
        cm_options *collect = NULL;
        cm_table *table = NULL;
        cm_status status = cm_context_new(&allocator, &small);
        if (!status) status = cm_options_new(small, "read", &collect);
        if (!status) status = cm_options_set_text(small, collect, "on_error", "collect");
        if (!status)
            status = cm_read_csv(small, n % 2 ? DATA "bad-rows.csv" : DATA "good-packed.csv.gz", collect, &table);
        ck_assert(status ? table == NULL : table != NULL);
        if (status) ck_assert_int_eq(status, CM_E_MEMORY);
        cm_table_free(table);
        cm_options_free(collect);
        cm_context_free(small);
        ck_assert_int_eq(memory.bytes, 0);
        if (memory.requests < n) break;
    }
}
END_TEST

/* ---- real data ---- */

START_TEST(online_retail) {
    if (!have(REAL "online_retail.csv.gz")) return;
    cm_table *table = read_table(REAL "online_retail.csv.gz"), *columns = attached(table, "columns");
    cm_table *audit = attached(table, "audit");
    ck_assert_uint_eq(cm_table_rows(table), 541909);
    expect_column(table, "InvoiceNo", CM_STRING, 0, CM_ROLE_INVOICE);
    expect_column(table, "StockCode", CM_STRING, 0, CM_ROLE_ITEM);
    expect_column(table, "Quantity", CM_INT64, 0, CM_ROLE_QUANTITY);
    expect_column(table, "InvoiceDate", CM_TIMESTAMP, 0, CM_ROLE_DATE);
    expect_column(table, "UnitPrice", CM_DECIMAL, 3, CM_ROLE_PRICE);
    expect_column(table, "CustomerID", CM_STRING, 0, CM_ROLE_CUSTOMER);
    static const char *const distinct[] = {"25900", "4070", NULL, NULL, NULL, NULL, "4372", "38"};
    for (uint64_t i = 0; i < 8; i++)
        if (distinct[i]) ck_assert_str_eq(cell(columns, i, "distinct"), distinct[i]);
    ck_assert_str_eq(cell(columns, 6, "absent"), "135080");
    ck_assert_str_eq(cell(columns, 2, "absent"), "1454");
    ck_assert_int_eq(audited(audit, "kept"), 541909);
    ck_assert_str_eq(cell(audit, 1, "money"), "9747747.934");
    cm_table_free(audit);
    cm_table_free(columns);
    cm_table_free(table);
}
END_TEST

START_TEST(other_real_files) {
    if (!have(REAL "meal-orders/meal_order_detail.csv.gz")) return;
    cm_table *table = read_table(REAL "meal-orders/meal_order_detail.csv.gz");
    ck_assert_uint_eq(cm_table_rows(table), 10037);
    ck_assert_int_eq(cm_table_find(table, "detail_id"), 0);
    cm_table_free(table);
    table = read_table(REAL "campaign/hillstrom.csv.gz");
    ck_assert_uint_eq(cm_table_rows(table), 64000);
    expect_column(table, "spend", CM_DECIMAL, 2, 0);
    cm_table_free(table);
    table = read_table(REAL "churn/Telco-Customer-Churn.csv");
    cm_table *columns = attached(table, "columns");
    ck_assert_str_eq(cell(columns, 19, "absent"), "11");
    expect_column(table, "TotalCharges", CM_DECIMAL, 2, 0);
    cm_table_free(columns);
    cm_table_free(table);
}
END_TEST

/* csv-spectrum: each file as JSON, all values texts; ours, numbers aside, must say the same. */
START_TEST(spectrum) {
    static const struct {
        const char *name, *json;
    } files[] = {
        {"comma_in_quotes", "John|Doe|120 any st.|Anytown, WW|08123"},
        {"escaped_quotes", "1|ha \"ha\" ha|3|4"},
        {"json", "1|{\"type\": \"Point\", \"coordinates\": [102.0, 0.5]}"},
        {"newlines", "1|2|3|Once upon \na time|5|6|7|8|9"},
        {"newlines_crlf", "1|2|3|Once upon \r\na time|5|6|7|8|9"},
        {"quotes_and_newlines", "1|ha \n\"ha\" \nha|3|4"},
        {"simple", "1|2|3"},
        {"simple_crlf", "1|2|3"},
        {"utf8", "1|2|3|4|5|ʤ"},
        {"empty", "1|||2|3|4"},
        {"empty_crlf", "1|||2|3|4"},
        /* its JSON has another telephone number; the rest is the same */
        {"location_coordinates", "2095257564|37\xEF\xBF\xBD"
                                 "36'37.8\"N 121\xEF\xBF\xBD"
                                 "2'17.9\"W|Modesto|Stanislaus"},
    };
    char path[200], all[2000];
    if (!have(REAL "csv/csv-spectrum")) return;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        size_t length = 0;
        snprintf(path, sizeof path, REAL "csv/csv-spectrum/csvs/%s.csv", files[i].name);
        if (!have(path)) continue;
        cm_table *table = read_table(path);
        for (uint64_t row = 0; row < cm_table_rows(table); row++)
            for (uint64_t column = 0; column < cm_table_columns(table); column++) {
                const char *text = cell(table, row, table->columns[column]->name);
                bool absent = cm_table_is_absent(table, row, column);
                length +=
                    (size_t)snprintf(all + length, sizeof all - length, "%s%s", length ? "|" : "", absent ? "" : text);
            }
        ck_assert_msg(!strcmp(all, files[i].json), "%s: %s", files[i].name, all);
        cm_table_free(table);
    }
}
END_TEST

Suite *test_reader(void);
Suite *test_reader(void) {
    Suite *suite = suite_create("reader");
    TCase *tests = tcase_create("reader");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, sales);
    tcase_add_test(tests, small_files);
    tcase_add_test(tests, fixed_width);
    tcase_add_test(tests, header_names);
    tcase_add_test(tests, bad_rows_fail);
    tcase_add_test(tests, bad_rows_collected);
    tcase_add_test(tests, refusals);
    tcase_add_test(tests, ambiguous_dates_stay_text);
    tcase_add_test(tests, reading_options);
    tcase_add_test(tests, only_what_is_used);
    tcase_add_test(tests, several_files);
    tcase_add_test(tests, limits);
    tcase_add_test(tests, portions);
    tcase_add_test(tests, standard_input);
    tcase_add_loop_test(tests, no_memory, 0, 2);
    tcase_add_test(tests, online_retail);
    tcase_add_test(tests, other_real_files);
    tcase_add_test(tests, spectrum);
    tcase_set_timeout(tests, 120);
    suite_add_tcase(suite, tests);
    return suite;
}
