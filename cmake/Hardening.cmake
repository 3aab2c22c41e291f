# What makes a bug in a parser of untrusted bytes hard to use: addresses that cannot be guessed, stacks and C library
# calls that notice an overflow, no writable function pointers. tests/hardening_test.py looks for each in the binary.
include(CheckCXXCompilerFlag)

add_compile_options(-fPIE -fstack-protector-strong)
foreach(flag -fstack-clash-protection -fcf-protection)  # not on every processor
  string(MAKE_C_IDENTIFIER "has${flag}" has_flag)
  check_cxx_compiler_flag("-Werror ${flag}" ${has_flag})
  if(${has_flag})
    add_compile_options(${flag})
  endif()
endforeach()
# Without optimisation it means nothing and only warns. Level 3 knows sizes that are found out at run time too.
add_compile_options("$<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=3>")
add_link_options(-pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
