/* One level of the index; included once for each, with KERNEL, TARGET and masks_of, which gives for 64 bytes the places
 * of quotes, delimiters, \n and \r. The rest is arithmetic on 64-bit words. */

TARGET static void KERNEL(const char *bytes, uint64_t from, uint64_t to, char delimiter, uint32_t *out,
                          cm_index_end *end) {
    carry before = {.separator = 1};
    cm_index_end sums = {.at = to};
    for (uint64_t at = from; at < to; at += 64) {
        masks m;
        masks_of(bytes + at, delimiter, &m);
        if (to - at < 64) keep_low(&m, to - at);
        uint64_t separators, irregular = find_separators(&m, &before, &separators);
        if (irregular) {
            sums.at = at + (uint64_t)__builtin_ctzll(irregular);
            separators &= (irregular & -irregular) - 1;
        }
        sums.line_feeds += (uint64_t)__builtin_popcountll(separators & m.line_feed);
        sums.lines += (uint64_t)__builtin_popcountll(m.line_feed) + m.lone_returns;
        sums.count += write_places(separators, (uint32_t)at, out + sums.count);
        if (irregular) break;
    }
    if (before.carriage_return && sums.at == to) sums.at = to - 1; /* whether \n follows is not known here */
    sums.quotes_inside = before.doubled != 0;
    *end = sums;
}
#undef KERNEL
#undef TARGET
#undef masks_of
