# umig_embed_page(TARGET): bundles the page's sources and compiles the template into TARGET.
#
# TARGET has report/html_template.c among its sources, or gets it here.
set(UMIG_HTML_DIR "${CMAKE_CURRENT_LIST_DIR}")

function(umig_embed_page target)
  set(page "${CMAKE_CURRENT_BINARY_DIR}/report_page.html")
  file(STRINGS "${UMIG_HTML_DIR}/sources.txt" sources)
  list(TRANSFORM sources PREPEND "${UMIG_HTML_DIR}/")
  add_custom_command(OUTPUT "${page}"
    COMMAND "${CMAKE_COMMAND}" "-DIN=${UMIG_HTML_DIR}" "-DOUT=${page}" -P "${UMIG_HTML_DIR}/bundle.cmake"
    DEPENDS ${sources} "${UMIG_HTML_DIR}/page.html" "${UMIG_HTML_DIR}/page.css"
            "${UMIG_HTML_DIR}/sources.txt" "${UMIG_HTML_DIR}/bundle.cmake"
    COMMENT "Bundling the report page" VERBATIM)
  set(template "${UMIG_HTML_DIR}/../html_template.c")
  target_sources(${target} PRIVATE "${template}")
  set_source_files_properties("${template}" PROPERTIES
    COMPILE_DEFINITIONS "UMIG_HTML_TEMPLATE=\"${page}\"" OBJECT_DEPENDS "${page}")
endfunction()
