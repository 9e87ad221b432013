# umig_embed_pages(TARGET): bundles the pages' sources and compiles the templates into TARGET.
#
# TARGET has report/html_template.c among its sources, or gets it here.
set(UMIG_HTML_DIR "${CMAKE_CURRENT_LIST_DIR}")

# Bundles one page (report or diff) into a file of the build.
function(umig_bundle_page name template list out)
  set(page "${CMAKE_CURRENT_BINARY_DIR}/${name}_page.html")
  file(STRINGS "${UMIG_HTML_DIR}/${list}" sources)
  list(TRANSFORM sources PREPEND "${UMIG_HTML_DIR}/")
  add_custom_command(OUTPUT "${page}"
    COMMAND "${CMAKE_COMMAND}" "-DIN=${UMIG_HTML_DIR}" "-DOUT=${page}" "-DPAGE=${name}"
            -P "${UMIG_HTML_DIR}/bundle.cmake"
    DEPENDS ${sources} "${UMIG_HTML_DIR}/${template}" "${UMIG_HTML_DIR}/page.css"
            "${UMIG_HTML_DIR}/${list}" "${UMIG_HTML_DIR}/bundle.cmake"
    COMMENT "Bundling the ${name} page" VERBATIM)
  set(${out} "${page}" PARENT_SCOPE)
endfunction()

function(umig_embed_pages target)
  umig_bundle_page(report page.html sources.txt report_page)
  umig_bundle_page(diff diff.html diff_sources.txt diff_page)
  set(template "${UMIG_HTML_DIR}/../html_template.c")
  target_sources(${target} PRIVATE "${template}")
  set_source_files_properties("${template}" PROPERTIES
    COMPILE_DEFINITIONS "UMIG_HTML_TEMPLATE=\"${report_page}\";UMIG_HTML_DIFF_TEMPLATE=\"${diff_page}\""
    OBJECT_DEPENDS "${report_page};${diff_page}")
endfunction()
