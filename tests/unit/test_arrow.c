/* What comes in: all formats, offsets, absent cells, dictionaries, lists, and what must be refused. */
#include "arrow_arrays.h"

/* ---- numbers ---- */

/* clang-format off */
#define A 5 /* elements of each case; the last but one is absent */
static const struct {
    const char *format;
    int32_t type, scale, flags;
    block values;
    int64_t expected[A];
} numbers[] = {
#define CASE(format, type, scale, flags, of, ...) {format, type, scale, flags, ALL(((const of[A]){__VA_ARGS__}))
    CASE("c", CM_INT64, 0, 0, int8_t, -128, 127, 0, 1, -1), {-128, 127, 0, 0, -1}},
    CASE("C", CM_INT64, 0, 0, uint8_t, 255, 127, 0, 1, 2), {255, 127, 0, 0, 2}},
    CASE("s", CM_INT64, 0, 0, int16_t, -32768, 32767, 0, 1, -1), {-32768, 32767, 0, 0, -1}},
    CASE("S", CM_INT64, 0, 0, uint16_t, 65535, 1, 0, 1, 2), {65535, 1, 0, 0, 2}},
    CASE("i", CM_INT64, 0, 0, int32_t, INT32_MIN, INT32_MAX, 0, 1, -1), {INT32_MIN, INT32_MAX, 0, 0, -1}},
    CASE("I", CM_INT64, 0, 0, uint32_t, UINT32_MAX, 1, 0, 1, 2), {UINT32_MAX, 1, 0, 0, 2}},
    CASE("l", CM_INT64, 0, 0, int64_t, INT64_MIN, INT64_MAX, 0, 1, -1), {INT64_MIN, INT64_MAX, 0, 0, -1}},
    CASE("L", CM_INT64, 0, 0, uint64_t, INT64_MAX, 1, 0, UINT64_MAX, 2), {INT64_MAX, 1, 0, 0, 2}},
    CASE("d:9,2,32", CM_DECIMAL, 2, 0, int32_t, -5, 5, 0, 1, 7), {-5, 5, 0, 0, 7}},
    CASE("d:18,18,64", CM_DECIMAL, 18, 0, int64_t, -5, INT64_MAX, 0, 1, 7), {-5, INT64_MAX, 0, 0, 7}},
    {"d:38,3", CM_DECIMAL, 3, 0, ALL(((const int64_t[2 * A]){-5, -1, INT64_MAX, 0, INT64_MIN, -1, 1, 1, 7, 0})),
     {-5, INT64_MAX, INT64_MIN, 0, 7}},
    {"d:38,0,128", CM_DECIMAL, 0, 0, ALL(((const int64_t[2 * A]){-5, -1, 5, 0, 0, 0, 1, 1, 7, 0})), {-5, 5, 0, 0, 7}},
    {"d:76,1,256", CM_DECIMAL, 1, 0,
     ALL(((const int64_t[4 * A]){-5, -1, -1, -1, 5, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 7, 0, 0, 0})), {-5, 5, 0, 0, 7}},
    CASE("tdD", CM_DATE, 0, 0, int32_t, -1, 20000, 0, 1, INT32_MAX), {-1, 20000, 0, 0, INT32_MAX}},
    CASE("tdm", CM_DATE, 0, 0, int64_t, -86400000, 172800000, 0, 1, 0), {-1, 2, 0, 0, 0}},
    CASE("tss:", CM_TIMESTAMP, 0, 0, int64_t, -1, 2, 0, INT64_MAX, 3), {-1000000, 2000000, 0, 0, 3000000}},
    CASE("tsm:UTC", CM_TIMESTAMP, 0, CM_COLUMN_UTC, int64_t, -1, 2, 0, 1, 3), {-1000, 2000, 0, 0, 3000}},
    CASE("tsu:Europe/Berlin", CM_TIMESTAMP, 0, CM_COLUMN_UTC, int64_t, INT64_MIN, 2, 0, 1, 3), {INT64_MIN, 2, 0, 0, 3}},
    CASE("tsn:", CM_TIMESTAMP, 0, 0, int64_t, -1, -1000, 999, 1, 2001), {-1, -1, 0, 0, 2}},
    {"b", CM_BOOL, 0, 0, ALL(((const uint8_t[1]){0x19})), {1, 0, 0, 0, 1}},
#undef CASE
};
/* clang-format on */
static const uint8_t but_fourth[] = {0x17};

/* Whole, and as every window of it; an offset may be the array's or the batch's. */
START_TEST(numbers_of_all_formats) {
    cm_context *ctx = new_context(NULL);
    for (int64_t first = 0; first <= A; first++)
        for (int64_t rows = 0; first + rows <= A; rows++)
            for (int64_t own = 0; own <= first; own++) {
                cm_table *table;
                struct ArrowArray *array = ARRAY(rows + first - own, own, ALL(but_fourth), numbers[_i].values);
                OK(import_rows(ctx, new_schema(numbers[_i].format, "x"), array, rows, first - own, &table));
                cm_column_view view = view_of(table, 0);
                ck_assert_int_eq(view.type, numbers[_i].type);
                ck_assert_int_eq(view.scale, numbers[_i].scale);
                ck_assert_int_eq(view.flags, numbers[_i].flags);
                ck_assert_uint_eq(cm_table_rows(table), (uint64_t)rows);
                for (int64_t row = 0; row < rows; row++) {
                    ck_assert_int_eq(cm_table_is_absent(table, (uint64_t)row, 0), first + row == A - 2);
                    ck_assert_int_eq(cm_table_int(table, (uint64_t)row, 0), numbers[_i].expected[first + row]);
                }
                cm_table_free(table);
            }
    end(ctx, NULL);
}
END_TEST

START_TEST(floats_of_all_widths) {
    static const uint16_t halves[] = {0x3C00, 0xC000, 0x0001, 0x8000, 0x7BFF, 0xFC00, 0x7E00, 0x03FF, 0x0400};
    static const double expected[] = {1, -2, 0x1p-24, -0.0, 65504, -INFINITY, NAN, 1023 * 0x1p-24, 0x1p-14};
    float floats[9];
    for (int i = 0; i < 9; i++) floats[i] = (float)expected[i];
    const block blocks[] = {ALL(halves), ALL(floats), ALL(expected)};
    for (int k = 0; k < 3; k++) {
        cm_context *ctx = new_context(NULL);
        cm_table *table;
        OK(import(ctx, new_schema(k == 0 ? "e" : k == 1 ? "f" : "g", "x"), ARRAY(9, 0, NONE, blocks[k]), &table));
        for (uint64_t row = 0; row < 9; row++) {
            double value = cm_table_double(table, row, 0);
            ck_assert_int_eq(cm_table_is_absent(table, row, 0), 0);
            ck_assert(isnan(expected[row]) ? isnan(value)
                                           : value == expected[row] && signbit(value) == signbit(expected[row]));
        }
        end(ctx, table);
    }
}
END_TEST

/* The chunk lies in the producer's memory, which is given back with the last table that uses it, not before. */
START_TEST(our_layouts_are_not_copied) {
    static const char *const formats[] = {"l", "g", "tdD", "tsu:", "d:18,2,64", "b"};
    static const int64_t values[20] = {1, 2, 3};
    for (int i = 0; i < 6; i++) {
        cm_context *ctx = new_context(NULL);
        cm_table *table, *part;
        struct ArrowArray *array = ARRAY(20, 0, NONE, ALL(values));
        const void *memory = array->buffers[1];
        OK(import(ctx, new_schema(formats[i], "x"), array, &table));
        ck_assert_ptr_eq(view_of(table, 0).values, memory);
        OK(cm_table_slice(ctx, table, 2, 3, &part));
        cm_context_free(ctx);
        cm_table_free(table);
        ck_assert_int_eq(alive, 2); /* the struct and its child */
        cm_table_free(part);
        ck_assert_int_eq(alive, 0);
    }
}
END_TEST

START_TEST(unaligned_values_are_copied) {
    cm_context *ctx = new_context(NULL);
    cm_table *table;
    static const int64_t values[] = {0, 5, 6};
    struct ArrowArray *array = ARRAY(1, 0, NONE, ALL(values));
    const char *shifted = (const char *)array->buffers[1] + 4;
    int64_t expected;
    memcpy(&expected, shifted, sizeof expected);
    array->buffers[1] = shifted;
    OK(import(ctx, new_schema("l", "x"), array, &table));
    ck_assert_int_eq(cm_table_int(table, 0, 0), expected);
    end(ctx, table);
}
END_TEST

START_TEST(values_that_do_not_fit) {
    cm_context *ctx = new_context(NULL);
    cm_table *table;
    static const uint64_t large[] = {1, UINT64_MAX};
    static const int64_t wide[] = {1, 0, 1, -1}, wider[] = {1, 0, 0, 0, -1, -1, -1, 0}, times[] = {0, INT64_MAX / 2};
    static const int64_t dates[] = {0, 86400001}, far[] = {0, INT64_C(86400000) * 3000000000};
    FAILS(import(ctx, new_schema("L", "x"), ARRAY(2, 0, NONE, ALL(large)), &table), CM_E_OVERFLOW, "value 2");
    FAILS(import(ctx, new_schema("d:38,2", "x"), ARRAY(2, 0, NONE, ALL(wide)), &table), CM_E_OVERFLOW, "value 2");
    FAILS(import(ctx, new_schema("d:76,2,256", "x"), ARRAY(2, 0, NONE, ALL(wider)), &table), CM_E_OVERFLOW, "value 2");
    FAILS(import(ctx, new_schema("tsm:", "x"), ARRAY(2, 0, NONE, ALL(times)), &table), CM_E_OVERFLOW, "TIMESTAMP");
    FAILS(import(ctx, new_schema("tdm", "x"), ARRAY(2, 0, NONE, ALL(dates)), &table), CM_E_DATA, "time of day");
    FAILS(import(ctx, new_schema("tdm", "x"), ARRAY(2, 0, NONE, ALL(far)), &table), CM_E_OVERFLOW, "DATE");
    end(ctx, NULL);
}
END_TEST

/* ---- texts ---- */

START_TEST(texts_of_all_formats) {
    static const int32_t narrow[] = {0, 1, 1, 3, 4, 4};
    static const int64_t wide[] = {0, 1, 1, 3, 4, 4};
    cm_context *ctx = new_context(NULL);
    for (int k = 0; k < 2; k++) {
        cm_table *table;
        struct ArrowArray *array = ARRAY(5, 0, ALL(but_fourth), NONE,
                                         TEXT("a\xc3\xa4"
                                              "b"));
        free((void *)(uintptr_t)array->buffers[1]);
        size_t size = k ? sizeof wide : sizeof narrow;
        void *offsets = memcpy(malloc(size), k ? (const void *)wide : (const void *)narrow, size);
        ((const void **)(uintptr_t)((block *)array->private_data)[0].data)[1] = array->buffers[1] = offsets;
        OK(import(ctx, new_schema(k ? "U" : "u", "x"), array, &table));
        ck_assert_str_eq(text_of(table, 0), "a");
        ck_assert_str_eq(text_of(table, 1), "");
        ck_assert_str_eq(text_of(table, 2), "\xc3\xa4");
        ck_assert_str_eq(text_of(table, 3), "(absent)");
        ck_assert_str_eq(text_of(table, 4), "");
        cm_table_free(table);
    }
    end(ctx, NULL);
}
END_TEST

typedef struct text_view {
    int32_t length;
    char prefix[4];
    int32_t buffer, offset;
} text_view;

static struct ArrowArray *views(text_view last, int64_t second_size) {
    const text_view all[] = {{5, "inli", 'n', 0}, {13, "long", 0, 1}, {14, "also", 1, 0}, {0, "", 0, 0}, last};
    const int64_t sizes[] = {14, second_size};
    return ARRAY(5, 0, NONE, ALL(all), TEXT("?longer than 1"), TEXT("also very long"), ALL(sizes));
}

START_TEST(text_views) {
    cm_context *ctx = new_context(NULL);
    cm_table *table;
    OK(import(ctx, new_schema("vu", "x"), views((text_view){14, "also", 1, 0}, 14), &table));
    ck_assert_str_eq(text_of(table, 0), "inlin");
    ck_assert_str_eq(text_of(table, 1), "longer than 1");
    ck_assert_str_eq(text_of(table, 2), "also very long");
    ck_assert_str_eq(text_of(table, 3), "");
    ck_assert_uint_eq(view_of(table, 0).dictionary_size, 4);
    cm_table_free(table);
    const text_view bad[] = {{-1, "", 0, 0}, {13, "", 2, 0},  {13, "", -1, 0},
                             {13, "", 1, 2}, {13, "", 0, -1}, {INT32_MAX, "", 1, INT32_MAX}};
    for (int i = 0; i < 6; i++)
        FAILS(import(ctx, new_schema("vu", "x"), views(bad[i], 14), &table), CM_E_FORMAT, "views");
    FAILS(import(ctx, new_schema("vu", "x"), views((text_view){0, "", 0, 0}, 13), &table), CM_E_FORMAT, "views");
    end(ctx, NULL);
}
END_TEST

START_TEST(texts_are_utf8) {
    static const struct {
        const char *text;
        bool good;
    } cases[] = {{"\x7f\xc2\x80\xdf\xbf", true},
                 {"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80", true},
                 {"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", true},
                 {"\x80", false},
                 {"\xc1\xbf", false},
                 {"\xc3", false},
                 {"\xe0\x9f\xbf", false},
                 {"\xed\xa0\x80", false},
                 {"\xf0\x8f\xbf\xbf", false},
                 {"\xf4\x90\x80\x80", false},
                 {"\xf5\x80\x80\x80", false},
                 {"a\xe2\x82", false},
                 {"\xe2\x82"
                  "a",
                  false}};
    cm_context *ctx = new_context(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cm_table *table;
        const int32_t offsets[] = {0, (int32_t)strlen(cases[i].text)};
        const block text = {cases[i].text, strlen(cases[i].text)};
        cm_status status = import(ctx, new_schema("u", "x"), ARRAY(1, 0, NONE, ALL(offsets), text), &table);
        ck_assert_int_eq(status, cases[i].good ? CM_OK : CM_E_DATA);
        cm_table_free(table);
    }
    end(ctx, NULL);
}
END_TEST

/* Bytes that are no text are refused with their place, wherever they stand: nothing is replaced or left out. */
START_TEST(bad_texts_say_where) {
    static const int32_t offsets[] = {0, 1, 3, 4}, indices[] = {0, 0, 2, 1};
    static const block bytes = {"a\xE9" "bc", 4};
    cm_context *ctx = new_context(NULL);
    cm_table *table;
    FAILS(import(ctx, new_schema("u", "name"), ARRAY(3, 0, NONE, ALL(offsets), bytes), &table), CM_E_DATA,
          "column name, value 2: the text is not UTF-8");
    struct ArrowArray *coded_texts =
        with_dictionary(ARRAY(4, 0, NONE, ALL(indices)), ARRAY(3, 0, NONE, ALL(offsets), bytes));
    FAILS(import(ctx, coded("i", "u"), coded_texts, &table), CM_E_DATA, "value 2: the text is not UTF-8");
    end(ctx, NULL);
}
END_TEST

/* ---- dictionaries ---- */

START_TEST(indices_of_all_types) {
    static const int8_t one[] = {2, 0, 1, 9, 2};
    static const int16_t two[] = {2, 0, 1, -1, 2};
    static const int32_t four[] = {2, 0, 1, INT32_MIN, 2};
    static const int64_t eight[] = {2, 0, 1, INT64_MAX, 2};
    static const block blocks[] = {ALL(one), ALL(two), ALL(four), ALL(eight)};
    static const char formats[] = "cCsSiIlL";
    cm_context *ctx = new_context(NULL);
    for (int i = 0; i < 8; i++) {
        const char format[2] = {formats[i], 0};
        cm_table *table;
        struct ArrowArray *array = with_dictionary(ARRAY(4, 1, ALL(but_fourth), blocks[i / 2]), words());
        OK(import(ctx, coded(format, "u"), array, &table));
        ck_assert_str_eq(text_of(table, 0), "a");
        ck_assert_str_eq(text_of(table, 1), "b");
        ck_assert_str_eq(text_of(table, 2), "(absent)");
        ck_assert_str_eq(text_of(table, 3), "c");
        cm_table_free(table);
        array = with_dictionary(ARRAY(5, 0, NONE, blocks[i / 2]), words());
        FAILS(import(ctx, coded(format, "u"), array, &table), CM_E_FORMAT, "row 4");
    }
    end(ctx, NULL);
}
END_TEST

START_TEST(codes_are_not_copied_if_the_dictionary_is_ours) {
    static const int32_t codes[] = {2, 0, 1, 0, 2};
    cm_context *ctx = new_context(NULL);
    cm_table *table;
    for (int i = 0; i < 2; i++) {
        struct ArrowArray *array =
            with_dictionary(ARRAY(5, 0, ALL(but_fourth), ALL(codes)), i ? words_twice() : words());
        const void *memory = array->buffers[1];
        OK(import(ctx, coded("i", "u"), array, &table));
        ck_assert_int_eq(view_of(table, 0).values == memory, i == 0);
        ck_assert_str_eq(text_of(table, 0), i ? "(absent)" : "c");
        ck_assert_str_eq(text_of(table, 2), "b");
        ck_assert_str_eq(text_of(table, 3), "(absent)");
        ck_assert_uint_eq(view_of(table, 0).dictionary_size, i ? 2 : 3);
        cm_table_free(table);
    }
    end(ctx, NULL);
}
END_TEST

START_TEST(dictionaries_of_other_values) {
    static const int16_t indices[] = {1, 0, 2, 1};
    static const int32_t values[] = {5, 6, 7};
    static const uint8_t but_third[] = {3}, bits[] = {2};
    cm_context *ctx = new_context(NULL);
    cm_table *table;
    OK(import(ctx, coded("s", "i"),
              with_dictionary(ARRAY(4, 0, NONE, ALL(indices)), ARRAY(3, 0, ALL(but_third), ALL(values))), &table));
    ck_assert_int_eq(view_of(table, 0).type, CM_INT64);
    ck_assert_int_eq(cm_table_int(table, 0, 0), 6);
    ck_assert_int_eq(cm_table_is_absent(table, 2, 0), 1);
    cm_table_free(table);
    OK(import(ctx, coded("s", "b"), with_dictionary(ARRAY(4, 0, NONE, ALL(indices)), ARRAY(3, 0, NONE, ALL(bits))),
              &table));
    for (uint64_t row = 0; row < 4; row++) ck_assert_int_eq(cm_table_int(table, row, 0), indices[row] == 1);
    cm_table_free(table);
    OK(import(ctx, new_schema("n", "x"), new_array_of(9, 0, 0, NULL), &table));
    ck_assert_int_eq(view_of(table, 0).type, CM_STRING);
    for (uint64_t row = 0; row < 9; row++) ck_assert_int_eq(cm_table_is_absent(table, row, 0), 1);
    end(ctx, table);
}
END_TEST

/* ---- lists ---- */

static void assert_list(const cm_table *table, uint64_t row, const char *items) {
    char all[64] = "";
    uint64_t length, count = cm_table_items(table, row, 0);
    for (uint64_t i = 0; i < count; i++) strcat(all, cm_table_text(table, row, 0, i, &length));
    ck_assert_str_eq(all, items);
}

/* ab, c, (absent, with two items beneath), nothing, b?a with an absent item */
START_TEST(lists_of_texts) {
    static const int32_t narrow[] = {0, 2, 3, 5, 5, 8}, text_offsets[] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
    static const int64_t wide[] = {0, 2, 3, 5, 5, 8};
    static const uint8_t but_third[] = {0x1B}, but_seventh[] = {0xBF};
    for (int k = 0; k < 2; k++)
        for (int64_t first = 0; first <= 5; first++) {
            static const char *const expected[] = {"ab", "c", "", "", "ba"};
            cm_context *ctx = new_context(NULL);
            cm_table *table;
            struct ArrowArray *items = ARRAY(8, 0, ALL(but_seventh), ALL(text_offsets), TEXT("abcxyb-a"));
            struct ArrowArray *lists = k ? ARRAY(5 - first, first, ALL(but_third), ALL(wide))
                                         : ARRAY(5 - first, first, ALL(but_third), ALL(narrow));
            struct ArrowSchema *schema = with_item(new_schema(k ? "+L" : "+l", "x"), new_schema("u", "item"));
            OK(import(ctx, schema, add_child(lists, items), &table));
            for (int64_t row = first; row < 5; row++) {
                assert_list(table, (uint64_t)(row - first), expected[row]);
                ck_assert_int_eq(cm_table_is_absent(table, (uint64_t)(row - first), 0), row == 2);
            }
            end(ctx, table);
        }
}
END_TEST

START_TEST(lists_of_codes_are_not_copied) {
    static const int64_t offsets[] = {0, 2, 3, 3, 5};
    static const int32_t codes[] = {0, 1, 2, 1, 0};
    cm_context *ctx = new_context(NULL);
    cm_table *table;
    struct ArrowArray *items = with_dictionary(ARRAY(5, 0, NONE, ALL(codes)), words());
    struct ArrowArray *lists = add_child(ARRAY(4, 0, NONE, ALL(offsets)), items);
    const void *memory[] = {items->buffers[1], lists->buffers[1]};
    OK(import(ctx, with_item(new_schema("+L", "x"), coded("i", "u")), lists, &table));
    ck_assert_ptr_eq(view_of(table, 0).values, memory[0]);
    ck_assert_ptr_eq(view_of(table, 0).offsets, memory[1]);
    assert_list(table, 3, "ba");
    end(ctx, table);
}
END_TEST

/* ---- batches ---- */

START_TEST(absent_rows_of_the_batch) {
    static const int64_t numbers_[] = {0, 1, 2, 3, 4, 5};
    static const int32_t offsets[] = {0, 1, 2, 3, 4, 5, 6};
    static const uint8_t own[] = {0x2F}, rows[] = {0x3B}; /* but 4; but 2 */
    cm_context *ctx = new_context(NULL);
    cm_table *table;
    struct ArrowSchema *schema = new_schema("+s", NULL);
    struct ArrowArray *array = ARRAY(5, 1, ALL(rows));
    with_item(with_item(schema, new_schema("l", "x")), new_schema("u", "y"));
    add_child(add_child(array, ARRAY(6, 0, ALL(own), ALL(numbers_))), ARRAY(6, 0, NONE, ALL(offsets), TEXT("abcdef")));
    OK(cm_table_import_arrow(ctx, schema, array, &table));
    for (uint64_t row = 0; row < 5; row++) {
        ck_assert_int_eq(cm_table_is_absent(table, row, 0), row == 1 || row == 3);
        ck_assert_int_eq(cm_table_is_absent(table, row, 1), row == 1);
        if (row != 1 && row != 3) ck_assert_int_eq(cm_table_int(table, row, 0), (int64_t)row + 1);
    }
    free(schema);
    free(array);
    end(ctx, table);
}
END_TEST

START_TEST(names_and_roles) {
    static const char *const names[] = {"a", "a", "a_2", NULL, "a"}, *const expected[] = {"a", "a_2", "a_2_2", "",
                                                                                          "a_3"};
    static const int64_t value[] = {7};
    char metadata[64];
    const int32_t lengths[] = {2, 1, 1, 13, 6};
    memcpy(metadata, &lengths[0], 4);
    memcpy(metadata + 4, &lengths[1], 4), metadata[8] = 'k';
    memcpy(metadata + 9, &lengths[2], 4), metadata[13] = 'v';
    memcpy(metadata + 14, &lengths[3], 4), memcpy(metadata + 18, "custmine.role", 13);
    memcpy(metadata + 31, &lengths[4], 4), memcpy(metadata + 35, "amount", 6);
    cm_context *ctx = new_context(NULL);
    for (int twice = 0; twice < 2; twice++) {
        cm_table *table;
        struct ArrowSchema *schema = new_schema("+s", NULL);
        struct ArrowArray *array = ARRAY(1, 0, NONE);
        for (int i = 0; i < 5; i++) {
            with_item(schema, new_schema("l", names[i]));
            add_child(array, ARRAY(1, 0, NONE, ALL(value)));
        }
        schema->children[2]->metadata = metadata;
        if (twice) schema->children[4]->metadata = metadata;
        cm_status status = cm_table_import_arrow(ctx, schema, array, &table);
        ck_assert_int_eq(status, twice ? CM_E_COLUMN : CM_OK);
        for (uint64_t i = 0; !twice && i < 5; i++) ck_assert_str_eq(view_of(table, i).name, expected[i]);
        if (!twice) ck_assert_int_eq(cm_table_find_role(table, CM_ROLE_AMOUNT), 2);
        cm_table_free(table);
        free(schema);
        free(array);
    }
    end(ctx, NULL);
}
END_TEST

START_TEST(formats_that_are_not_taken) {
    static const char *const formats[] = {
        "z",          "Z",   "vz",   "w:3",     "+s",      "+w:2", "+vl", "+r",    "+m",
        "tts",        "tDm", "tiM",  "d:38,19", "d:38,-1", "d:38", "d:",  "d:0,0", "d:3,1,16",
        "d:3,1,64,1", "ts",  "tsx:", "tsu",     "",        "q",    "ll"};
    static const int64_t value[] = {0, 0, 0, 0};
    cm_context *ctx = new_context(NULL);
    cm_table *table;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        FAILS(import(ctx, new_schema(formats[i], "x"), ARRAY(1, 0, NONE, ALL(value)), &table), CM_E_UNSUPPORTED,
              formats[i]);
    struct ArrowSchema *numbers_ = with_item(new_schema("+l", "x"), new_schema("g", "item"));
    FAILS(import(ctx, numbers_, ARRAY(1, 0, NONE, ALL(value)), &table), CM_E_UNSUPPORTED, "g within +l");
    FAILS(import(ctx, coded("i", "z"), ARRAY(1, 0, NONE, ALL(value)), &table), CM_E_UNSUPPORTED, "z");
    FAILS(import(ctx, coded("u", "u"), ARRAY(1, 0, NONE, ALL(value)), &table), CM_E_FORMAT, "dictionary");
    struct ArrowSchema schema = {.format = "l", .release = free_schema};
    struct ArrowArray *array = ARRAY(1, 0, NONE, ALL(value));
    alive++;
    FAILS(cm_table_import_arrow(ctx, &schema, array, &table), CM_E_UNSUPPORTED, "no table");
    free(array);
    end(ctx, NULL);
}
END_TEST

START_TEST(malformed_arrays_are_refused) {
    cm_context *ctx = new_context(NULL);
    for (int how = 0; how <= SPOILED; how++) {
        struct ArrowSchema *schema;
        struct ArrowArray *array = spoiled(how, &schema);
        cm_table *table = NULL;
        cm_status status = cm_table_import_arrow(ctx, schema, array, &table);
        ck_assert_msg(status == (how == SPOILED ? CM_OK : CM_E_FORMAT), "%d: %d %s", how, status,
                      cm_error_message(ctx));
        cm_table_free(table);
        free(schema);
        free(array);
        ck_assert_msg(alive == 0, "%d: %d alive", how, alive);
    }
    end(ctx, NULL);
}
END_TEST

START_TEST(inputs_are_consumed_whatever_happens) {
    static const int64_t value[] = {7};
    cm_context *ctx = new_context(NULL);
    cm_table *table = NULL;
    for (int how = 0; how < 3; how++) {
        struct ArrowSchema *schema = with_item(new_schema("+s", NULL), new_schema("l", "x"));
        struct ArrowArray *array = add_child(ARRAY(1, 0, NONE), ARRAY(1, 0, NONE, ALL(value)));
        ck_assert_int_eq(
            cm_table_import_arrow(how ? ctx : NULL, how == 1 ? NULL : schema, array, how == 2 ? NULL : &table),
            CM_E_ARGUMENT);
        if (how == 1) schema->release(schema);
        ck_assert_int_eq(alive, 0);
        ck_assert_int_eq(cm_table_import_arrow(ctx, schema, array, &table), CM_E_ARGUMENT); /* released */
        free(schema);
        free(array);
    }
    ck_assert_int_eq(cm_table_import_arrow(ctx, NULL, NULL, &table), CM_E_ARGUMENT);
    ck_assert_int_eq(cm_table_import_stream(ctx, NULL, &table), CM_E_ARGUMENT);
    end(ctx, NULL);
}
END_TEST

/* ---- streams ---- */

START_TEST(streams_become_chunks) {
    cm_context *ctx = new_context(NULL);
    producer p = {0, 5, 99, words()};
    struct ArrowArrayStream stream = stream_of(&p);
    cm_table *table;
    OK(cm_table_import_stream(ctx, &stream, &table));
    assert_sound(table);
    ck_assert_uint_eq(cm_table_chunks(table), 4); /* one batch has no rows */
    ck_assert_uint_eq(cm_table_rows(table), 20);
    ck_assert_uint_eq(view_of(table, 0).dictionary_size, 3);
    for (uint64_t row = 0; row < 20; row++) {
        static const char *const usual[] = {"c", "a", "b", "b", "a"};
        ck_assert_str_eq(text_of(table, row), row == 10 ? "(absent)" : usual[row % 5]);
    }
    cm_table_free(table);
    free_shared(&p);
    end(ctx, NULL);
}
END_TEST

START_TEST(streams_that_fail_or_are_empty) {
    cm_context *ctx = new_context(NULL);
    cm_table *table;
    producer p = {0, 5, -1, words()};
    struct ArrowArrayStream stream = stream_of(&p);
    FAILS(cm_table_import_stream(ctx, &stream, &table), CM_E_IO, "not permitted");
    p.fail_at = 1;
    stream = stream_of(&p);
    FAILS(cm_table_import_stream(ctx, &stream, &table), CM_E_IO, "the well is dry");
    ck_assert_ptr_null(table);
    p = (producer){0, 0, 99, p.shared};
    stream = stream_of(&p);
    OK(cm_table_import_stream(ctx, &stream, &table));
    assert_sound(table);
    ck_assert_uint_eq(cm_table_rows(table), 0);
    ck_assert_str_eq(view_of(table, 0).name, "x");
    cm_table_free(table);
    stream = stream_of(&p);
    ck_assert_int_eq(cm_table_import_stream(NULL, &stream, &table), CM_E_ARGUMENT);
    free_shared(&p);
    end(ctx, NULL);
}
END_TEST

Suite *test_arrow(void) {
    Suite *suite = suite_create("arrow");
    TCase *in = tcase_create("in");
    tcase_add_loop_test(in, numbers_of_all_formats, 0, sizeof numbers / sizeof *numbers);
    tcase_add_test(in, floats_of_all_widths);
    tcase_add_test(in, our_layouts_are_not_copied);
    tcase_add_test(in, unaligned_values_are_copied);
    tcase_add_test(in, values_that_do_not_fit);
    tcase_add_test(in, texts_of_all_formats);
    tcase_add_test(in, text_views);
    tcase_add_test(in, texts_are_utf8);
    tcase_add_test(in, bad_texts_say_where);
    tcase_add_test(in, indices_of_all_types);
    tcase_add_test(in, codes_are_not_copied_if_the_dictionary_is_ours);
    tcase_add_test(in, dictionaries_of_other_values);
    tcase_add_test(in, lists_of_texts);
    tcase_add_test(in, lists_of_codes_are_not_copied);
    tcase_add_test(in, absent_rows_of_the_batch);
    tcase_add_test(in, names_and_roles);
    tcase_add_test(in, formats_that_are_not_taken);
    tcase_add_test(in, malformed_arrays_are_refused);
    tcase_add_test(in, inputs_are_consumed_whatever_happens);
    tcase_add_test(in, streams_become_chunks);
    tcase_add_test(in, streams_that_fail_or_are_empty);
    suite_add_tcase(suite, in);
    return suite;
}
