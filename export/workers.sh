#!/bin/bash
# One training on several machines over ssh:  export/workers.sh "alpha beta" --data /data/words --model ast
# Each has kwscls and the data in the same place; the first one writes the run. PYTHON names another python than the one on
# the machines' paths, such as PYTHON=$PWD/.venv/bin/python, and SSH another way in than ssh. When a worker dies, all end, and the same
# words go on from the last epoch's checkpoint.
set -euo pipefail
hosts=($1)
shift
printf -v addresses '"%s:23450",' "${hosts[@]}"
for index in "${!hosts[@]}"; do
    config="{\"cluster\": {\"worker\": [${addresses%,}]}, \"task\": {\"type\": \"worker\", \"index\": $index}}"
    printf -v command 'cd %q && TF_CONFIG=%q %q -m kwscls.train --strategy multiworker --resume' \
        "$PWD" "$config" "${PYTHON:-python}"
    printf -v words ' %q' "$@"
    ${SSH:-ssh} "${hosts[$index]}" "$command$words" &
    workers+=($!)
done
status=0
for worker in "${workers[@]}"; do
    wait "$worker" || status=$?
done
exit "$status"
