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
# What a JVM needs in its environment to load a sanitized library, each word with a space behind: the
# runtime comes first, faults and their stack stay the JVM's, and its leaks are its own.
set(UMIG_JAVA_ENV "")
# Where ThreadSanitizer in a JVM writes its reports, the process id behind; empty: it is not there.
set(UMIG_RACES_PATH "")
set(umig_faults_of_jvm handle_segv=0 handle_sigbus=0 handle_sigfpe=0 handle_sigill=0
  use_sigaltstack=0)
if("address" IN_LIST UMIG_SANITIZE)
  execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=libasan.so
    OUTPUT_VARIABLE umig_asan_runtime OUTPUT_STRIP_TRAILING_WHITESPACE)
  string(JOIN ":" umig_asan_options ${umig_faults_of_jvm} detect_leaks=0
    detect_stack_use_after_return=0)
  set(UMIG_JAVA_ENV "LD_PRELOAD=${umig_asan_runtime} ASAN_OPTIONS=${umig_asan_options} ")
endif()
if("thread" IN_LIST UMIG_SANITIZE)
  execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=libtsan.so
    OUTPUT_VARIABLE umig_tsan_runtime OUTPUT_STRIP_TRAILING_WHITESPACE)
  set(UMIG_RACES_PATH "${CMAKE_BINARY_DIR}/tests/races")
  string(JOIN ":" umig_tsan_options ${umig_faults_of_jvm} handle_abort=0
    report_signal_unsafe=0 exitcode=0 "log_path=${UMIG_RACES_PATH}")
  set(UMIG_JAVA_ENV "LD_PRELOAD=${umig_tsan_runtime} TSAN_OPTIONS=${umig_tsan_options} ")
endif()
if(UMIG_FUZZ)
  # Everything is instrumented, so that the fuzzer sees what its input reaches.
  target_compile_options(umig_sanitizers INTERFACE -fsanitize=fuzzer-no-link)
endif()
