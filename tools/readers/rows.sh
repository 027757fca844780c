if [ "$1" = --dictionary ]; then dictionary=$2 && shift 2; fi
zstd -tq ${dictionary:+-D "$dictionary"} "$@" || { zstd -lv "$@" >&2; exit 1; } # which tells the ids of dictionaries
zstd -dcq ${dictionary:+-D "$dictionary"} "$@" |
  jq -c '. as $batch | .m[] | [[$batch.hub, $batch.ep, .i], [.i, .k, if has("b") then .b else .s // .x end]]' |
  jq -nc 'foreach inputs as [$id, $row] ({};
            .is_new = (.seen[$id | tojson] | not) | .seen[$id | tojson] = true;
            if .is_new then $row else empty end)'
