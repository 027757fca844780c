# headgate_pages(TARGET FUNCTION): every file for browsers below the folder of the caller, of which `FUNCTION` in hub/http/pages.h's
# terms gives a list. They are compressed and written into a source when the program is built (pages_source.cmake); a file that comes,
# goes or changes has that made again.
function(headgate_pages target function)
  set(patterns "")
  foreach(ending html css js svg)
    list(APPEND patterns ${CMAKE_CURRENT_SOURCE_DIR}/*.${ending})
  endforeach()
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} ${patterns})
  list(SORT files)
  list(TRANSFORM files PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ OUTPUT_VARIABLE paths)
  file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  set(source ${CMAKE_CURRENT_BINARY_DIR}/pages.cc)
  set(script ${PROJECT_SOURCE_DIR}/cmake/pages_source.cmake)
  # The list is an argument, so that a file that goes has the source made again too.
  string(REPLACE ";" "|" names "${files}")
  add_custom_command(OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} -D "FILES=${names}" -D FOLDER=${CMAKE_CURRENT_SOURCE_DIR} -D HEADER=${folder}/pages.h
      -D FUNCTION=${function} -D SOURCE=${source} -P ${script}
    DEPENDS ${paths} ${script}
    COMMENT "Compressing the files in ${folder}" VERBATIM)
  target_sources(${target} PRIVATE ${source})
endfunction()
