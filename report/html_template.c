/* The pages' templates as the linker puts them in: the paths are bundle.cmake's outputs. */
#include "report/html_page.h"

#define EMBED(name, path)                       \
 __asm__(".pushsection .rodata\n"               \
         ".global " name "\n"                   \
         ".type " name ", @object\n" name ":\n" \
         ".incbin \"" path "\"\n"               \
         ".byte 0\n"                            \
         ".size " name ", . - " name "\n"       \
         ".popsection\n")

EMBED("umig_html_template", UMIG_HTML_TEMPLATE);
EMBED("umig_html_diff_template", UMIG_HTML_DIFF_TEMPLATE);
