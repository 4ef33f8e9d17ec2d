#!/bin/sh
# The public image's contract: options or a .conf file may be alone after the image's name, and
# root is dropped to the user redis (uid 999).
set -e

if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then
  set -- redis-server "$@"
fi

if [ "$1" = redis-server ]; then
  if [ "$(id -u)" = 0 ]; then
    find . \! -user redis -exec chown redis '{}' +
    exec setpriv --reuid=redis --regid=redis --clear-groups "$0" "$@"
  fi
  [ "$(umask)" = 0022 ] && umask 0077
  # The public image is built with protected mode off by default; Debian's package is not.
  case " $* " in
    *" --protected-mode "* | *" --version "* | *" -v "* | *" --help "* | *" -h "* | *" --test-memory "*) ;;
    *)
      case ${2-} in
        *.conf) grep -qs '^[[:space:]]*protected-mode' "$2" || set -- "$@" --protected-mode no ;;
        *) set -- "$@" --protected-mode no ;;
      esac
      ;;
  esac
fi
exec "$@"
