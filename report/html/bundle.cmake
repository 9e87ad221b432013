# Joins the report page's sources into one template for the C writer to embed.
#
#   cmake -DIN=<this folder> -DOUT=<file> [-DPAGE=diff] -P bundle.cmake
#
# PAGE is report or diff. Replaces {{STYLE}} and {{SCRIPT}} of the page's template by page.css and by
# the sources of its list (page.html and sources.txt, diff.html and diff_sources.txt), and
# {{STYLE_HASH}} and {{SCRIPT_HASH}} by the base64 SHA-256 of exactly what stands between the tags,
# which the page's Content-Security-Policy names. The other {{...}} marks are left for the writer.
# tests/browser/assemble.mjs does the same in JavaScript; a test holds the two together.

cmake_minimum_required(VERSION 3.25)

# Reads a file as it is: brackets and semicolons survive because the text is only ever quoted.
function(read_text path out)
  file(READ "${path}" text)
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

# Base64 of a text's SHA-256: 64 hexadecimal digits, three bytes (six digits) a step.
function(hash_base64 text out)
  set(alphabet "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  string(SHA256 hex "${text}")
  string(APPEND hex "00") # 33 bytes; the last character becomes the padding
  set(base64 "")
  foreach(at RANGE 0 60 6)
    string(SUBSTRING "${hex}" ${at} 6 digits)
    math(EXPR bits "0x${digits}")
    foreach(shift 18 12 6 0)
      math(EXPR index "(${bits} >> ${shift}) & 63")
      string(SUBSTRING "${alphabet}" ${index} 1 letter)
      string(APPEND base64 "${letter}")
    endforeach()
  endforeach()
  string(SUBSTRING "${base64}" 0 43 base64)
  set(${out} "${base64}=" PARENT_SCOPE)
endfunction()

if(PAGE STREQUAL "diff")
  set(template "diff.html")
  set(list "diff_sources.txt")
else()
  set(template "page.html")
  set(list "sources.txt")
endif()
file(STRINGS "${IN}/${list}" sources)
set(script "(() => {\n\"use strict\";\n")
foreach(source IN LISTS sources)
  read_text("${IN}/${source}" text)
  string(APPEND script "${text}")
endforeach()
string(APPEND script "})();\n")
read_text("${IN}/page.css" style)
read_text("${IN}/${template}" page)

if("${script}${style}" MATCHES "{{[A-Z_]+}}|</[Ss][CcTt]|<!--")
  message(FATAL_ERROR "report/html: a source holds `${CMAKE_MATCH_0}`, which would break the page")
endif()

hash_base64("${script}" script_hash)
hash_base64("${style}" style_hash)
string(REPLACE "{{STYLE_HASH}}" "${style_hash}" page "${page}")
string(REPLACE "{{SCRIPT_HASH}}" "${script_hash}" page "${page}")
string(REPLACE "{{STYLE}}" "${style}" page "${page}")
string(REPLACE "{{SCRIPT}}" "${script}" page "${page}")
file(WRITE "${OUT}" "${page}")
