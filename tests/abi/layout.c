/* Prints the size of every public struct and the place of every member, for comparison with layout.expected: what
 * compiled callers and bindings rely on must not move. */
#include <custmine.h>
#include <stddef.h>
#include <stdio.h>

#define STRUCT(type) printf("%s %zu\n", #type, sizeof(type))
#define MEMBER(type, member) printf("  %s %zu %zu\n", #member, offsetof(type, member), sizeof(((type *)0)->member))

int main(void) {
    STRUCT(cm_allocator);
    MEMBER(cm_allocator, struct_size);
    MEMBER(cm_allocator, resize);
    MEMBER(cm_allocator, user);
    STRUCT(cm_error);
    MEMBER(cm_error, struct_size);
    MEMBER(cm_error, message);
    MEMBER(cm_error, reason);
    MEMBER(cm_error, arguments);
    MEMBER(cm_error, file);
    MEMBER(cm_error, field);
    MEMBER(cm_error, line);
    MEMBER(cm_error, column);
    MEMBER(cm_error, byte_offset);
    MEMBER(cm_error, status);
    MEMBER(cm_error, reserved);
    STRUCT(cm_column_view);
    MEMBER(cm_column_view, struct_size);
    MEMBER(cm_column_view, name);
    MEMBER(cm_column_view, values);
    MEMBER(cm_column_view, offsets);
    MEMBER(cm_column_view, validity);
    MEMBER(cm_column_view, bit_offset);
    MEMBER(cm_column_view, first_row);
    MEMBER(cm_column_view, rows);
    MEMBER(cm_column_view, dictionary_size);
    MEMBER(cm_column_view, type);
    MEMBER(cm_column_view, scale);
    MEMBER(cm_column_view, role);
    MEMBER(cm_column_view, flags);
    STRUCT(cm_cell);
    MEMBER(cm_cell, type);
    MEMBER(cm_cell, scale);
    MEMBER(cm_cell, integer);
    MEMBER(cm_cell, real);
    MEMBER(cm_cell, text);
    MEMBER(cm_cell, length);
    STRUCT(struct ArrowSchema);
    STRUCT(struct ArrowArray);
    STRUCT(struct ArrowArrayStream);
    return 0;
}
