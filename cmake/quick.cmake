# Builds from nothing in a third of the time (docs/adr/0033): `HEADGATE_UNITY`, in the presets that test.
if(HEADGATE_UNITY)
  # Headers are most of what a source costs to compile, so up to a dozen sources of a target are compiled as one. Every
  # source must compile alone all the same: `release`, `clang`, `tools/dev lint` and an editor take them one by one.
  # Names in the anonymous namespaces of one target must differ; where they cannot, the target says UNITY_BUILD OFF.
  set(CMAKE_UNITY_BUILD ON)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 12)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC takes an included source for a header, whose classes must not hold anything anonymous.
    target_compile_options(headgate_flags INTERFACE -Wno-subobject-linkage)
  endif()

  # LLVM's linker takes a sixth of the time; release builds are linked with the system's.
  find_program(HEADGATE_LLD ld.lld)
  if(HEADGATE_LLD)
    target_link_options(headgate_flags INTERFACE -fuse-ld=lld)
  endif()
endif()
