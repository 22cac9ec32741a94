/* Types from all cells of a column, what settled them, and the values that cells then have. */
#include "base/civil.h"
#include "files.h"
#include "table/infer.h"

static cm_context *ctx;

static void setup(void) {
    ctx = new_context();
}
static void teardown(void) {
    cm_context_free(ctx);
}

/* The decision on cells divided by |, on lines 2, 3 ... */
static cm_decision decide(int32_t role, char mark, int32_t orders, const char *cells) {
    cm_survey survey = {0};
    cm_decision decision;
    uint64_t line = 2;
    cm_survey_begin(&survey, role, (cm_number_style){.mark = mark}, orders);
    for (;; cells++, line++) {
        size_t length = strcspn(cells, "|");
        cm_survey_cell(&survey, cells, length, line);
        cells += length;
        if (!*cells) break;
    }
    cm_survey_decide(ctx, &survey, false, &decision);
    return decision;
}

static void expect(int32_t role, const char *cells, int32_t type, int32_t scale) {
    cm_decision got = decide(role, '.', CM_ORDER_ALL, cells);
    ck_assert_msg(got.type == type && got.scale == scale, "%s: type %s scale %d (%s), not %s scale %d", cells,
                  cm_type_name(got.type), got.scale, got.decided_by, cm_type_name(type), scale);
}

START_TEST(plain_columns) {
    expect(0, "", CM_STRING, 0);
    expect(0, "true|FALSE|True", CM_BOOL, 0);
    expect(0, "true|1", CM_STRING, 0);
    expect(0, "1|-2|0", CM_INT64, 0);
    expect(0, "9223372036854775807|-9223372036854775808", CM_INT64, 0);
    expect(0, "9223372036854775808", CM_STRING, 0);
    expect(0, "12345678901234567890|1.5", CM_STRING, 0);
    expect(0, "007|1", CM_STRING, 0);
    expect(0, "-01", CM_STRING, 0);
    expect(0, "+49|1", CM_STRING, 0);
    expect(0, "00.5", CM_STRING, 0);
    expect(0, "0.5|-0.25|1", CM_DECIMAL, 2);
    expect(0, "1.000000000000000001", CM_DECIMAL, 18);
    expect(0, "1.000000000000000001|100", CM_FLOAT64, 0);
    expect(0, "1e3|2.5", CM_FLOAT64, 0);
    expect(0, "0.30000000000000000004", CM_FLOAT64, 0);
    expect(0, "1e999", CM_STRING, 0);
    expect(0, "nan", CM_STRING, 0);
    expect(0, "20111209", CM_INT64, 0);
    expect(0, "2011-12-09|2011/12/10", CM_DATE, 0);
    expect(0, "2011-12-09|2011-12-10 08:26", CM_TIMESTAMP, 0);
    expect(0, "2011-12-09|x", CM_STRING, 0);
    expect(0, "2011-02-29", CM_STRING, 0);
    expect(0, "13/12/2010|01/02/2011", CM_DATE, 0);
    expect(0, "01/02/2011", CM_STRING, 0);
    expect(0, "05/05/2011", CM_DATE, 0); /* both readings are one day */
    expect(0, "13/12/2010|12/13/2010", CM_STRING, 0);
    expect(0, "2011-12-09T08:26:00Z|2011-12-09 08:26:00", CM_STRING, 0);
    expect(0, "a b|1", CM_STRING, 0);
}
END_TEST

START_TEST(roles) {
    expect(CM_ROLE_CUSTOMER, "1|2", CM_STRING, 0);
    expect(CM_ROLE_CURRENCY, "1", CM_STRING, 0);
    expect(CM_ROLE_DATE, "", CM_DATE, 0);
    expect(CM_ROLE_QUANTITY, "", CM_INT64, 0);
    expect(CM_ROLE_DATE, "20111209", CM_DATE, 0);
    expect(CM_ROLE_DATE, "2011-12-09|nonsense", CM_DATE, 0);
    expect(CM_ROLE_QUANTITY, "+5|007|3.", CM_INT64, 0);
    expect(CM_ROLE_PRICE, "1.5|abc|2.125", CM_DECIMAL, 3);
    expect(CM_ROLE_PRICE, "1.5e2|2", CM_INT64, 0);
    expect(CM_ROLE_PRICE, "1.5e-2|2", CM_DECIMAL, 3);
    expect(CM_ROLE_AMOUNT, "1e400|2.5", CM_DECIMAL, 1);
    /* one number with too many places for the large ones does not spoil them */
    expect(CM_ROLE_AMOUNT, "123456789012.25|0.12345678901234567", CM_DECIMAL, 2);
    expect(CM_ROLE_COST, "NA|NA", CM_STRING, 0);
    ck_assert_int_eq(decide(CM_ROLE_COST, '.', CM_ORDER_ALL, "NA").role, CM_ROLE_NONE);
    ck_assert_int_eq(decide(CM_ROLE_COST, '.', CM_ORDER_ALL, "NA|1").role, CM_ROLE_COST);
}
END_TEST

static void expect_reason(cm_decision got, const char *part) {
    ck_assert_msg(strstr(got.decided_by, part) != NULL, "%s lacks %s", got.decided_by, part);
}

START_TEST(evidence) {
    expect_reason(decide(CM_ROLE_DATE, '.', CM_ORDER_ALL, "01/02/2011|13/12/2010"),
                  "13/12/2010 on line 3 settles day first");
    expect_reason(decide(CM_ROLE_DATE, '.', CM_ORDER_ALL, "01/02/2011|12/13/2010"),
                  "12/13/2010 on line 3 settles month first");
    cm_decision ambiguous = decide(CM_ROLE_DATE, '.', CM_ORDER_ALL, "05/05/2011|03/04/2011");
    ck_assert_int_eq(ambiguous.type, CM_STRING);
    expect_reason(ambiguous, "03/04/2011 on line 3");
    expect_reason(ambiguous, "2011-04-03");
    expect_reason(ambiguous, "2011-03-04");
    expect_reason(ambiguous, "date_order");
    expect_reason(decide(0, '.', CM_ORDER_ALL, "1|abc|2"), "abc on line 3");
    expect_reason(decide(0, '.', CM_ORDER_ALL, "1|1.25|2.5"), "1.25 on line 3");
    cm_decision zones = decide(CM_ROLE_DATE, '.', CM_ORDER_ALL, "2011-12-09T08:00Z|2011-12-09 08:00");
    ck_assert_int_eq(zones.type, CM_STRING);
    expect_reason(zones, "line 2");
    expect_reason(zones, "line 3");
    ck_assert_int_eq(decide(CM_ROLE_DATE, '.', CM_ORDER_ALL, "2011-12-09T08:00Z").flags, CM_COLUMN_UTC);
    ck_assert_int_eq(decide(CM_ROLE_DATE, '.', CM_ORDER_ALL, "2011-12-09T08:00").flags, 0);
}
END_TEST

START_TEST(options) {
    cm_decision dmy = decide(CM_ROLE_DATE, '.', CM_ORDER_DMY, "03/04/2011|2011-04-05");
    cm_value value;
    ck_assert_int_eq(dmy.type, CM_DATE);
    ck_assert_int_eq(cm_decision_read(&dmy, "03/04/2011", 10, &value), CM_CELL_FITS);
    ck_assert_int_eq(value.integer, cm_civil_day(2011, 4, 3));
    cm_decision mdy = decide(CM_ROLE_DATE, '.', CM_ORDER_MDY, "03/04/2011");
    ck_assert_int_eq(cm_decision_read(&mdy, "03/04/2011", 10, &value), CM_CELL_FITS);
    ck_assert_int_eq(value.integer, cm_civil_day(2011, 3, 4));
    ck_assert_int_eq(decide(0, '.', CM_ORDER_YMD, "03/04/2011").type, CM_STRING);
    cm_decision comma = decide(0, ',', CM_ORDER_ALL, "1,5|2,25");
    ck_assert_int_eq(comma.type, CM_DECIMAL);
    ck_assert_int_eq(comma.scale, 2);
    ck_assert_int_eq(decide(0, ',', CM_ORDER_ALL, "1,5e3").type, CM_FLOAT64);
    ck_assert_int_eq(decide(0, ',', CM_ORDER_ALL, "1.5").type, CM_STRING);
}
END_TEST

static void reads(int32_t role, const char *cells, const char *cell, cm_cell_fit fit, int64_t wanted) {
    cm_decision decision = decide(role, '.', CM_ORDER_ALL, cells);
    cm_value value = {0};
    ck_assert_msg(cm_decision_read(&decision, cell, strlen(cell), &value) == fit, "%s in %s", cell, cells);
    if (!fit) ck_assert_int_eq(value.integer, wanted);
}

START_TEST(values) {
    reads(0, "true|false", "TRUE", CM_CELL_FITS, 1);
    reads(0, "1.25|2", "2", CM_CELL_FITS, 200);
    reads(CM_ROLE_PRICE, "1.25", "1.2500", CM_CELL_FITS, 125);
    reads(CM_ROLE_PRICE, "1.25", "1.255", CM_CELL_TOO_LARGE, 0);
    reads(CM_ROLE_PRICE, "1.25", "12e-1", CM_CELL_FITS, 120);
    reads(CM_ROLE_PRICE, "1.25", "1.2E+3", CM_CELL_FITS, 120000);
    reads(CM_ROLE_PRICE, "1.25", "0e5000", CM_CELL_TOO_LARGE, 0);
    reads(CM_ROLE_PRICE, "1.25", "1e", CM_CELL_NO_NUMBER, 0);
    reads(CM_ROLE_PRICE, "1.25", "e5", CM_CELL_NO_NUMBER, 0);
    reads(CM_ROLE_PRICE, "1.25", "1e5x", CM_CELL_NO_NUMBER, 0);
    reads(CM_ROLE_PRICE, "1.25", "99999999999999999999", CM_CELL_TOO_LARGE, 0);
    reads(CM_ROLE_PRICE, "1.25", "92233720368547758.08", CM_CELL_TOO_LARGE, 0);
    reads(CM_ROLE_PRICE, "1.25", "92233720368547758.07", CM_CELL_FITS, INT64_MAX);
    reads(CM_ROLE_DATE, "2011-12-09", "2011-12-10", CM_CELL_FITS, cm_civil_day(2011, 12, 10));
    reads(CM_ROLE_DATE, "2011-12-09", "week 5", CM_CELL_NO_DATE, 0);
    reads(CM_ROLE_DATE, "2011-12-09 00:00", "1970-01-01 00:01", CM_CELL_FITS, 60000000);
}
END_TEST

/* A table of one STRING column; cells divided by |, - is absent. */
static cm_table *texts(const char *cells) {
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    ck_assert_int_eq(cm_builder_new(ctx, &builder), CM_OK);
    ck_assert_int_eq(cm_builder_column(ctx, builder, "when", CM_STRING, 0, 0), CM_OK);
    for (;; cells++) {
        size_t length = strcspn(cells, "|");
        if (length != 1 || *cells != '-') ck_assert_int_eq(cm_builder_text(ctx, builder, 0, cells, length), CM_OK);
        ck_assert_int_eq(cm_builder_row(ctx, builder), CM_OK);
        cells += length;
        if (!*cells) break;
    }
    ck_assert_int_eq(cm_builder_finish(ctx, builder, &table), CM_OK);
    cm_builder_free(builder);
    return table;
}

START_TEST(columns_of_texts) {
    cm_table *table = texts("2011-12-09|-|2011-12-10||2011-12-09");
    cm_column *column = NULL;
    ck_assert_int_eq(cm_infer_column(ctx, table, 0, CM_ROLE_DATE, CM_ORDER_ALL, &column), CM_OK);
    ck_assert_int_eq(column->type, CM_DATE);
    ck_assert_int_eq(column->role, CM_ROLE_DATE);
    const int32_t *days = column->chunks[0].values;
    ck_assert_int_eq(days[0], cm_civil_day(2011, 12, 9));
    ck_assert_int_eq(days[2], days[0] + 1);
    ck_assert_int_eq(days[4], days[0]);
    ck_assert(!cm_chunk_present(&column->chunks[0], 1) && !cm_chunk_present(&column->chunks[0], 3));
    cm_column_release(column);
    cm_table_free(table);

    table = texts("1.5|2|-|1e1");
    ck_assert_int_eq(cm_infer_column(ctx, table, 0, CM_ROLE_AMOUNT, CM_ORDER_ALL, &column), CM_OK);
    ck_assert_int_eq(column->type, CM_DECIMAL);
    ck_assert_int_eq(((const int64_t *)column->chunks[0].values)[3], 100);
    cm_column_release(column);
    cm_table_free(table);
}
END_TEST

static void refused(const char *cells, int32_t role, cm_status status, const char *reason, const char *part) {
    cm_table *table = texts(cells);
    cm_column *column = NULL;
    cm_error error = {.struct_size = sizeof error};
    ck_assert_int_eq(cm_infer_column(ctx, table, 0, role, CM_ORDER_ALL, &column), status);
    ck_assert_ptr_null(column);
    cm_error_get(ctx, &error);
    ck_assert_str_eq(error.reason, reason);
    ck_assert_msg(strstr(error.message, part) && strstr(error.message, "when"), "%s", error.message);
    cm_table_free(table);
}

START_TEST(columns_refused) {
    refused("2011-12-09|soon", CM_ROLE_DATE, CM_E_DATA, "TEXT_NO_DATE", "soon in row 2");
    refused("1|-|two", CM_ROLE_QUANTITY, CM_E_DATA, "TEXT_NO_NUMBER", "two in row 3");
    refused("1|99999999999999999999", CM_ROLE_QUANTITY, CM_E_DATA, "TEXT_TOO_LARGE", "row 2");
    refused("03/04/2011|05/05/2011", CM_ROLE_DATE, CM_E_COLUMN, "AMBIGUOUS_DATE", "2011-04-03 or 2011-03-04");
    refused("2011-12-09T08:00Z|2011-12-09", CM_ROLE_DATE, CM_E_COLUMN, "MIXED_ZONES", "2011-12-09T08:00Z");
}
END_TEST

Suite *test_infer(void);
Suite *test_infer(void) {
    Suite *suite = suite_create("infer");
    TCase *tests = tcase_create("infer");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, plain_columns);
    tcase_add_test(tests, roles);
    tcase_add_test(tests, evidence);
    tcase_add_test(tests, options);
    tcase_add_test(tests, values);
    tcase_add_test(tests, columns_of_texts);
    tcase_add_test(tests, columns_refused);
    suite_add_tcase(suite, tests);
    return suite;
}
