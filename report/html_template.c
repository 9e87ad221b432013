/* The page's template as the linker puts it in: UMIG_HTML_TEMPLATE is bundle.cmake's output. */
#include "report/html_page.h"

__asm__(".pushsection .rodata\n"
        ".global umig_html_template\n"
        ".type umig_html_template, @object\n"
        "umig_html_template:\n"
        ".incbin \"" UMIG_HTML_TEMPLATE "\"\n"
        ".byte 0\n"
        ".size umig_html_template, . - umig_html_template\n"
        ".popsection\n");
