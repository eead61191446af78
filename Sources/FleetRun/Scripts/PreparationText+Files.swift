/// Files and blocks in files.
extension PreparationText {
    /// A marked block in a text file.
    static let markedBlock = #"""
        file=$FLEET_PATH
        begin="# BEGIN $FLEET_MARKER"
        end="# END $FLEET_MARKER"
        source=$file
        [ -e "$file" ] || source=/dev/null
        [ ! -d "$file" ] || refuse "$file is a directory"

        # The two texts, one after the other; HOSTS=1 takes the lines for entries of a hosts file.
        with_block() {
            printf '%s' "$block" | awk -v begin="$begin" -v end="$end" -v hosts="$FLEET_HOSTS" "$1" part=1 - part=2 "$source"
        }

        # In both programs: whose address each name of the block has, and the words of a line without its comment.
        known='
            function words(line) { sub(/#.*/, "", line); return split(line, word, " ") }
            function is_loopback(address) { return address == "::1" || address ~ /^127\./ }
            part == 1 && hosts { count = words($0); for (i = 2; i <= count; i++) address[word[i]] = word[1] }'

        new_text() {
            with_block "$known"'
                function put(i) { isDone = 1; if (n == 0) return; print begin; for (i = 1; i <= n; i++) print block[i]; print end }
                part == 1 { block[++n] = $0; next }
                $0 == begin { if (!isDone) put(); inside = 1; next }
                inside { if ($0 == end) inside = 0; next }
                hosts {
                    count = words($0)
                    same = count > 1 && !is_loopback(word[1])
                    for (i = 2; i <= count; i++) if (address[word[i]] != word[1]) same = 0
                    if (same) next
                }
                { print }
                END { if (!isDone) put() }'
        }

        # The first line outside the block that says otherwise than the block: it would be found before it.
        contradiction() {
            with_block "$known"'
                part == 1 { next }
                $0 == begin { inside = 1 }
                inside { if ($0 == end) inside = 0; next }
                {
                    count = words($0)
                    if (count < 2 || is_loopback(word[1])) next
                    for (i = 2; i <= count; i++) if (word[i] in address && address[word[i]] != word[1]) {
                        print FILENAME ":" FNR " says that " word[i] " is " word[1] ", the inventory says " address[word[i]]
                        exit
                    }
                }'
        }

        unclosed() {
            awk -v begin="$begin" -v end="$end" '
                $0 == begin { open = FNR } $0 == end { open = 0 } END { if (open) print open }' "$source"
        }

        line=$(unclosed)
        [ -z "$line" ] || refuse "$file:$line: \"$begin\" has no \"$end\" after it; nothing was changed"
        if [ "$FLEET_HOSTS" = 1 ]; then
            other=$(contradiction)
            [ -z "$other" ] || refuse "$other; take the wrong one out; nothing was changed"
        fi
        if new_text | cmp -s - "$source"; then holds "$file has the block \"$FLEET_MARKER\""
        else change "write the block \"$FLEET_MARKER\" of $file" write_file "$file" keep keep new_text; fi
        """#

    /// Files with given contents, each asked for with fleet_input only where it differs from the present one.
    static let upload = #"""
        # Owner, or owner and group, by name or by number.
        owner_now() { for form in %U:%G %u:%g %U %u; do stat -L -c "$form" "$file"; done; }

        sum_of() { sha256sum 2>/dev/null <"$1" | cut -d ' ' -f 1; }

        asked_for() { fleet_input "$number" "$size"; }

        write_asked() { write_file "$file" "$mode" "$FLEET_OWNER" asked_for; }

        keep_file() {
            [ ! -d "$file" ] || refuse "$file is a directory"
            if [ ! -e "$file" ] || [ "$(sum_of "$file")" != "$wanted_sum" ]; then
                change "write $file" write_asked
                return
            fi
            holds "$file has these contents"
            if [ "$mode" != keep ] && [ "0$(stat -L -c %a "$file")" != "0${mode#0}" ]; then
                change "set the mode of $file to $mode" chmod "$mode" "$file"
            fi
            if [ "$FLEET_OWNER" != keep ] && ! owner_now | grep -q -x -F "$FLEET_OWNER"; then
                change "give $file to $FLEET_OWNER" chown "$FLEET_OWNER" "$file"
            fi
        }

        while read -r number size wanted_sum mode name; do
            file=$FLEET_PATH${name:+/$name}
            keep_file
        done <<END_OF_MANIFEST
        $manifest
        END_OF_MANIFEST
        """#
}
