/* Text encodings: what a source holds, as UTF-8. A filter behind the source: whoever reads from it sees UTF-8 alone. */
#ifndef CM_IO_ENCODING_H
#define CM_IO_ENCODING_H

#include "base/context.h"

/* In the order of the option's choices. */
typedef enum cm_encoding {
    CM_ENCODING_AUTO, /* what the byte order mark says, else UTF-8 */
    CM_ENCODING_UTF8,
    CM_ENCODING_UTF16LE,
    CM_ENCODING_UTF16BE,
    CM_ENCODING_GB18030, /* GBK and GB2312 are parts of it */
    CM_ENCODING_GBK,     /* another name for the same */
    CM_ENCODING_WINDOWS1252,
    CM_ENCODING_LATIN1
} cm_encoding;
#define CM_ENCODING_CHOICES "auto|utf-8|utf-16le|utf-16be|gb18030|gbk|windows-1252|iso-8859-1"

typedef struct cm_decoder cm_decoder;

/* `lenient` lets bytes through that are none of the encoding, so that whoever reads finds text there that is no UTF-8;
 * AUTO never does. CM_E_UNSUPPORTED where the C library knows no GB18030. */
cm_status cm_decoder_new(cm_context *ctx, cm_encoding encoding, bool lenient, cm_decoder **out);
void cm_decoder_restart(cm_decoder *decoder);
void cm_decoder_free(cm_decoder *decoder);

/* The next bytes (length 0: the end) as UTF-8, borrowed until the next call; may be none. UTF-8 is not copied, its byte
 * order mark stays. CM_E_DATA for what is none of the encoding: under AUTO it names the encodings that could be meant,
 * with what each would read there. */
cm_status cm_decoder_next(cm_context *ctx, cm_decoder *decoder, const char **bytes, uint64_t *length);

/* After CM_E_DATA: line ends in the last bytes before the one at fault, and that one's place in the source. */
uint64_t cm_decoder_bad_lines(const cm_decoder *decoder);
uint64_t cm_decoder_bad_offset(const cm_decoder *decoder);

/* Line ends (\n, \r, \r\n) in a text. */
uint64_t cm_count_lines(const char *text, uint64_t length);

/* What the source holds: the encoding's name, and whether a byte order mark said so. */
const char *cm_encoding_name(cm_encoding encoding);
cm_encoding cm_decoder_found(const cm_decoder *decoder, bool *marked);

#endif
