# What makes a memory error hard to use. tests/house/hardening_test.py shows what became of it.
#
# Linking is hardened in every build. Compiling is in every build but Debug, which nobody installs, and where
# each check would be one more thing to step over.
#
# -fPIE and not POSITION_INDEPENDENT_CODE: that would be -fPIC for our static libraries, which forbids inlining
# functions that only a shared library could replace.
target_link_options(headgate_flags INTERFACE $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-pie>
                    LINKER:-z,relro,-z,now,-z,noexecstack)
set(hardening -fPIE -fstack-protector-strong -fstack-clash-protection)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|i.86)$")
  list(APPEND hardening -fcf-protection=full)
endif()
# It would hide from the sanitizers what they look for.
if(NOT HEADGATE_SANITIZE)
  list(APPEND hardening -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
target_compile_options(headgate_flags INTERFACE "$<$<NOT:$<CONFIG:Debug>>:${hardening}>")
