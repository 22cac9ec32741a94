/* Prints the constants as the library tells them at run time. */
#include <custmine.h>
#include <stdio.h>

int main(void) {
    cm_context *ctx = NULL;
    cm_table *constants = NULL;
    if (cm_context_new(NULL, &ctx) || cm_describe(ctx, "constants", &constants)) {
        fprintf(stderr, "%s\n", cm_error_message(ctx));
        return 1;
    }
    for (uint64_t row = 0; row < cm_table_rows(constants); row++)
        printf("%s %lld\n", cm_table_text(constants, row, 0, 0, NULL), (long long)cm_table_int(constants, row, 1));
    cm_table_free(constants);
    cm_context_free(ctx);
    return 0;
}
