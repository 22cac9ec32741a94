/* The table of diagnostics: the scores that no customer has, and why. */
#include <string.h>

#include "base/number.h"
#include "model/rfm/rfm.h"

enum { DIMENSION, WITHIN, SCORE, VALUE, CUSTOMERS, CODE, SENTENCE, COLUMNS };

cm_status cm_rfm_diagnostics_new(cm_context *ctx, int32_t scale, cm_builder **out) {
    static const char *const names[COLUMNS] = {"dimension", "within", "score",   "value",
                                               "customers", "code",   "sentence"};
    static const int32_t types[COLUMNS] = {CM_STRING, CM_STRING, CM_INT64, CM_DECIMAL, CM_INT64, CM_STRING, CM_STRING};
    cm_status status = cm_builder_new(ctx, out);
    for (int i = 0; i < COLUMNS && !status; i++)
        status = cm_builder_column(ctx, *out, names[i], types[i], types[i] == CM_DECIMAL ? scale : 0, CM_ROLE_NONE);
    return status;
}

/* dimension, score, how many scores, customers, their value, different values; 0x1F between them. */
static void write_arguments(const cm_rfm_gap *gap, char *out) {
    const int64_t numbers[] = {gap->score, gap->of, (int64_t)gap->customers};
    uint64_t length = strlen(cm_rfm_dimension_names[gap->dimension]);
    memcpy(out, cm_rfm_dimension_names[gap->dimension], (size_t)length);
    for (int i = 0; i < 3; i++) {
        out[length++] = 0x1F;
        length += cm_print_int(numbers[i], out + length);
    }
    out[length++] = 0x1F;
    length += cm_print_decimal(gap->value, gap->scale, out + length);
    out[length++] = 0x1F;
    cm_print_int((int64_t)gap->distinct, out + length);
}

cm_status cm_rfm_add_gap(cm_context *ctx, cm_builder *builder, int32_t scale, const cm_rfm_gap *gap) {
    const char *name = cm_rfm_dimension_names[gap->dimension];
    char arguments[8 * CM_NUMBER_TEXT], sentence[512];
    int64_t value;
    write_arguments(gap, arguments);
    uint64_t length = cm_render(ctx, gap->code, arguments, sentence, sizeof sentence);
    cm_status status = cm_builder_text(ctx, builder, DIMENSION, name, strlen(name));
    if (!status && *gap->within) status = cm_builder_text(ctx, builder, WITHIN, gap->within, strlen(gap->within));
    if (!status) status = cm_builder_int(ctx, builder, SCORE, gap->score);
    if (!status && gap->customers && !cm_rescale_overflows(gap->value, gap->scale, scale, &value))
        status = cm_builder_int(ctx, builder, VALUE, value);
    if (!status && gap->customers) status = cm_builder_int(ctx, builder, CUSTOMERS, (int64_t)gap->customers);
    if (!status) status = cm_builder_text(ctx, builder, CODE, gap->code, strlen(gap->code));
    if (!status) status = cm_builder_text(ctx, builder, SENTENCE, sentence, length);
    return status ? status : cm_builder_row(ctx, builder);
}
