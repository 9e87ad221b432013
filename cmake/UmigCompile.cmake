# umig_warnings and umig_sanitizers: the flags every target of ours links PRIVATE.

add_library(umig_warnings INTERFACE)
target_compile_options(umig_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes
  -Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wcast-qual -Wcast-align
  -Wwrite-strings -Wundef -Wvla -Wformat=2 -Wswitch-enum -Wimplicit-fallthrough
  -Wnull-dereference -Wdouble-promotion
  $<$<C_COMPILER_ID:GNU>:-Wlogical-op -Wduplicated-cond -Wduplicated-branches>
  $<$<C_COMPILER_ID:Clang>:-Wconditional-uninitialized -Wcomma -Wno-gnu-zero-variadic-macro-arguments>
  $<$<BOOL:${UMIG_WERROR}>:-Werror>)
target_compile_definitions(umig_warnings INTERFACE _GNU_SOURCE)
target_compile_options(umig_warnings INTERFACE
  -fno-omit-frame-pointer "-ffile-prefix-map=${CMAKE_SOURCE_DIR}=."
  $<$<CONFIG:Release,RelWithDebInfo>:-fstack-protector-strong -D_FORTIFY_SOURCE=2>)

add_library(umig_sanitizers INTERFACE)
if(UMIG_SANITIZE)
  list(JOIN UMIG_SANITIZE "," umig_sanitize_list)
  target_compile_options(umig_sanitizers INTERFACE
    -fsanitize=${umig_sanitize_list} -fno-sanitize-recover=undefined)
  target_link_options(umig_sanitizers INTERFACE -fsanitize=${umig_sanitize_list})
endif()
if(UMIG_FUZZ)
  # Everything is instrumented, so that the fuzzer sees what its input reaches.
  target_compile_options(umig_sanitizers INTERFACE -fsanitize=fuzzer-no-link)
endif()
