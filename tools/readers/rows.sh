for path in "$@"; do zstd -dc "$path"; done |
  jq -c '. as $batch | .m[] | [[$batch.hub, $batch.ep, .i], [.i, .k, if has("b") then .b else .s // .x end]]' |
  jq -nc 'foreach inputs as [$id, $row] ({};
            .is_new = (.seen[$id | tojson] | not) | .seen[$id | tojson] = true;
            if .is_new then $row else empty end)'
