#include "table/audit.h"

#include <string.h>

#include "base/number.h"

cm_money cm_money_add(cm_money a, cm_money b) {
    cm_money sum = {0, a.scale > b.scale ? a.scale : b.scale, false};
    int64_t x, y;
    sum.known = a.known && b.known && !cm_rescale_overflows(a.value, a.scale, sum.scale, &x)
                && !cm_rescale_overflows(b.value, b.scale, sum.scale, &y) && !__builtin_add_overflow(x, y, &sum.value);
    return sum;
}

/* The lines of an earlier audit, to be written again at the new scale. */
static uint64_t earlier_lines(const cm_table *audit, uint64_t count, cm_audit_line *out) {
    cm_column_view money = {.struct_size = sizeof money};
    if (!audit || !cm_table_view(audit, 3, 0, &money)) return 0;
    for (uint64_t row = 0; row < count; row++) {
        out[row].step = cm_table_text(audit, row, 0, 0, NULL);
        out[row].reason = cm_table_text(audit, row, 1, 0, NULL);
        out[row].rows = (uint64_t)cm_table_int(audit, row, 2);
        out[row].money = (cm_money){cm_table_int(audit, row, 3), money.scale, !cm_table_is_absent(audit, row, 3)};
    }
    return count;
}

static cm_status add_line(cm_context *ctx, cm_builder *builder, const cm_audit_line *line, int32_t scale) {
    int64_t money = 0;
    cm_status status = cm_builder_text(ctx, builder, 0, line->step, strlen(line->step));
    if (!status) status = cm_builder_text(ctx, builder, 1, line->reason, strlen(line->reason));
    if (!status) status = cm_builder_int(ctx, builder, 2, (int64_t)line->rows);
    if (!status && line->money.known && !cm_rescale_overflows(line->money.value, line->money.scale, scale, &money))
        status = cm_builder_int(ctx, builder, 3, money);
    return status ? status : cm_builder_row(ctx, builder);
}

static cm_status build(cm_context *ctx, const cm_audit_line *lines, uint64_t count, cm_table **out) {
    int32_t scale = 0;
    for (uint64_t i = 0; i < count; i++)
        if (lines[i].money.known && lines[i].money.scale > scale) scale = lines[i].money.scale;
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    if (!status) status = cm_builder_column(ctx, builder, "step", CM_STRING, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "reason", CM_STRING, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "rows", CM_INT64, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "money", CM_DECIMAL, scale, CM_ROLE_NONE);
    for (uint64_t i = 0; i < count && !status; i++) status = add_line(ctx, builder, &lines[i], scale);
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

cm_status cm_audit_table(cm_context *ctx, const cm_table *before, const cm_audit_line *lines, uint64_t count,
                         cm_table **out) {
    const cm_table *audit = before ? cm_table_attachment(before, "audit") : NULL;
    uint64_t earlier = cm_table_rows(audit);
    *out = NULL;
    cm_audit_line *all = cm_alloc(ctx, earlier + count, sizeof *all);
    if (!all) return ctx->error.status;
    earlier_lines(audit, earlier, all);
    if (count) memcpy(all + earlier, lines, (size_t)count * sizeof *all);
    cm_status status = build(ctx, all, earlier + count, out);
    cm_free(ctx->core, all, earlier + count, sizeof *all);
    return status;
}

cm_status cm_audit_attach(cm_context *ctx, cm_table *table, const cm_table *before, const cm_audit_line *lines,
                          uint64_t count) {
    cm_table *audit = NULL;
    cm_status status = cm_audit_table(ctx, before, lines, count, &audit);
    if (!status) status = cm_table_attach(ctx, table, "audit", audit);
    cm_table_free(audit);
    return status;
}
