/* One level of the index; included once for each, with KERNEL, TARGET, masks_of, which gives for 64 bytes the places
 * of quotes, delimiters, \n and \r, and write_bits, which writes the places of bits and tells how many there are. The
 * rest is arithmetic on 64-bit words. */

TARGET static void KERNEL(const char *bytes, uint64_t from, uint64_t to, char delimiter, uint32_t *out,
                          cm_index_end *end) {
    carry before = {.separator = 1};
    *end = (cm_index_end){.at = to};
    for (uint64_t at = from; at < to; at += 64) {
        masks m;
        masks_of(bytes + at, delimiter, &m);
        if (to - at < 64) keep_low(&m, to - at);
        uint64_t separators, irregular = find_separators(&m, &before, &separators);
        if (irregular) {
            end->at = at + (uint64_t)__builtin_ctzll(irregular);
            separators &= (irregular & -irregular) - 1;
        }
        end->line_feeds += (uint64_t)__builtin_popcountll(separators & m.line_feed);
        end->lines += (uint64_t)__builtin_popcountll(m.line_feed) + m.lone_returns;
        end->count += write_bits(separators, (uint32_t)at, out + end->count);
        if (irregular) return;
    }
    if (before.carriage_return) end->at = to - 1; /* whether \n follows is not known here */
}
#undef KERNEL
#undef TARGET
#undef masks_of
#undef write_bits
