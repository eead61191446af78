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

    /// A file with given contents, in base64 because the contents may be anything.
    static let upload = #"""
        file=$FLEET_PATH
        decoded() { printf '%s' "$content" | base64 -d; }

        [ "$(decoded | sha256sum | cut -d ' ' -f 1)" = "$FLEET_SHA256" ] ||
            refuse "the contents did not arrive whole (SHA-256 differs); nothing was changed"
        [ ! -d "$file" ] || refuse "$file is a directory"

        # Owner, or owner and group, by name or by number.
        owner_now() { for form in %U:%G %u:%g %U %u; do stat -L -c "$form" "$file"; done; }

        check_written() {
            write_file "$file" "$FLEET_FILE_MODE" "$FLEET_OWNER" decoded || return 1
            [ "$(sha256sum <"$file" | cut -d ' ' -f 1)" = "$FLEET_SHA256" ] || { echo "it reads back differently"; return 1; }
        }

        if ! decoded | cmp -s - "$file"; then
            change "write $file" check_written
        else
            holds "$file has these contents"
            if [ "$FLEET_FILE_MODE" != keep ] && [ "0$(stat -L -c %a "$file")" != "0${FLEET_FILE_MODE#0}" ]; then
                change "set the mode of $file to $FLEET_FILE_MODE" chmod "$FLEET_FILE_MODE" "$file"
            fi
            if [ "$FLEET_OWNER" != keep ] && ! owner_now | grep -q -x -F "$FLEET_OWNER"; then
                change "give $file to $FLEET_OWNER" chown "$FLEET_OWNER" "$file"
            fi
        fi
        """#
}
