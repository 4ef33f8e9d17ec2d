# How far pip is, from what it says: a line a package, out of -v total=N. From the first error on all
# is shown as it is. With -v rewrite=1, on a terminal, the lines take one another's place.
failed { print; next }
/^ *(Collecting|Processing|Requirement already satisfied:) / {
  name = $0
  sub(/^ *(Collecting|Processing|Requirement already satisfied:) /, "", name)
  sub(/ .*/, "", name)
  sub(/.*\//, "", name)  # a wheel that lies in a folder
  sub(/-(cp|py)[0-9].*/, "", name)
  if (seen[name]++) next
  line = sprintf("  %d/%d %s", ++count, total, name)
  if (rewrite) printf "\r\033[K%s", line
  else print line
  fflush()
  next
}
/^Installing collected packages/ {
  line = sprintf("  installing %d packages", split($0, packages, ","))
  if (rewrite) printf "\r\033[K%s", line
  else print line
  fflush()
  next
}
/^ *ERROR/ { failed = 1; if (rewrite) print ""; print }
END { if (rewrite && count && !failed) print "" }
