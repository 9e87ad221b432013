# umig_module(NAME SOURCES ... HEADERS ... LINKS ...)
#
# Makes static library umig_NAME (alias umig::NAME). Headers are verified to compile alone
# (target all_verify_interface_header_sets). Includes are root-relative: "core/buf.h".
function(umig_module name)
  cmake_parse_arguments(ARG "OBJECT" "" "SOURCES;HEADERS;LINKS" ${ARGN})
  if(ARG_OBJECT)
    add_library(umig_${name} OBJECT ${ARG_SOURCES})
  else()
    add_library(umig_${name} STATIC ${ARG_SOURCES})
  endif()
  add_library(umig::${name} ALIAS umig_${name})
  target_sources(umig_${name} PUBLIC FILE_SET HEADERS BASE_DIRS "${CMAKE_SOURCE_DIR}"
    FILES ${ARG_HEADERS})
  target_include_directories(umig_${name} PUBLIC "${CMAKE_SOURCE_DIR}")
  target_compile_definitions(umig_${name} PUBLIC _GNU_SOURCE)
  target_link_libraries(umig_${name} PUBLIC ${ARG_LINKS} PRIVATE umig_warnings umig_sanitizers)
  set_target_properties(umig_${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
endfunction()

# umig_test(NAME unit.ring.put SOURCES ... LINKS ... [LABELS ...] [TIMEOUT s])
#
# One cmocka executable per test file. Label and time limit follow the first word of the name.
function(umig_test)
  cmake_parse_arguments(ARG "" "NAME;TIMEOUT" "SOURCES;LINKS;LABELS" ${ARGN})
  string(REPLACE "." "_" target "test_${ARG_NAME}")
  string(REGEX MATCH "^[a-z0-9]+" level "${ARG_NAME}")
  add_executable(${target} ${ARG_SOURCES})
  target_include_directories(${target} PRIVATE "${CMAKE_SOURCE_DIR}")
  # cmocka's setjmp makes gcc warn of clobbered locals; fixtures arrive as void **state.
  target_compile_options(${target} PRIVATE $<$<C_COMPILER_ID:GNU>:-Wno-clobbered>)
  target_link_libraries(${target} PRIVATE ${ARG_LINKS} cmocka umig_warnings umig_sanitizers)
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  add_test(NAME ${ARG_NAME} COMMAND ${target})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
    if(level STREQUAL "component")
      set(ARG_TIMEOUT 120)
    elseif(level STREQUAL "e2e")
      set(ARG_TIMEOUT 300)
    endif()
  endif()
  set_tests_properties(${ARG_NAME} PROPERTIES LABELS "${level};${ARG_LABELS}"
    TIMEOUT ${ARG_TIMEOUT} SKIP_RETURN_CODE 77)
endfunction()
