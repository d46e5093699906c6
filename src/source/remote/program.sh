# Answers requests about files: a line on stdin each, the answer on stdout. Nothing is written to a disk.
#
# The lines are joined by spaces and stand in single quotes on a command line that any login shell may read: so each
# command ends with a semicolon, and there are no single quotes, exclamation marks or doubled backslashes.
#
# The first line is a mark that nobody else knows; it ends each answer, behind a newline and before the exit code.
# A request is an operation, a descriptor from 3 to 9, two numbers, and two names as printf %b reads them.
# S stat of a name; O open; F stat of a descriptor; R bytes: block size*first*count; Z the same, packed; C close;
# L files of a folder by the beginning of their names; D files of a folder; G files of a pattern; P path without links.
LC_ALL=C; export LC_ALL; unset CDPATH;
IFS=" "; read -r mark;
c="-c"; t="%d %i %s %.9Y %.9Z %h %f %.9W"; n="%n";
case "$(stat -L -c "%.9Y" / 2>/dev/null)" in
*[0-9].[0-9]*) now="$(date +%s.%N)";;
*[0-9]*) t="%d %i %s %Y %Z %h %f 0"; now="$(date +%s)";;
*) c="-f"; t="%d %i %z %Fm %Fc %l %Xp %FB"; n="%N"; now="$(date +%s)";;
esac;
open=path; if [ -e "/proc/$$/fd/0" ]; then open=fd; fi;
pack=none; if (gzip -1 -c </dev/null) >/dev/null 2>&1; then pack=gzip; fi;
r=0; stat -L "$c" "$t" / >/dev/null 2>&1 || r=1;
printf "thumbview %s %s %s\n%s %s\n" "$now" "$open" "$pack" "$mark" "$r";
while read -r op s a b x y; do
  f="$(printf "%bx" "$x")"; f="${f%x}"; r=0;
  case "$op" in
  S) stat -L "$c" "$t" "$f" 2>&1; r=$?;;
  O) if [ -f "$f" ] && (: <"$f") 2>&1 && eval "command exec $s<\"\$f\"" 2>/dev/null; then
       if [ "$open" = fd ]; then eval "h$s=/proc/$$/fd/$s"; else eval "h$s=\$f"; fi;
       eval "f=\$h$s"; stat -L "$c" "$t" "$f" 2>&1; r=$?;
     else stat -L "$c" "$t" "$f" 2>&1; r=1; fi;;
  F) eval "f=\$h$s"; stat -L "$c" "$t" "$f" 2>&1; r=$?;;
  R) eval "f=\$h$s"; dd if="$f" bs="${a%:*}" skip="${a#*:}" count="$b" 2>/dev/null; r=$?;;
  Z) eval "f=\$h$s"; dd if="$f" bs="${a%:*}" skip="${a#*:}" count="$b" 2>/dev/null | gzip -1 -c; r=$?;;
  C) eval "exec $s<&-";;
  L) g="$(printf "%bx" "$y")"; g="${g%x}"; (cd "$f" 2>&1 && { stat "$c" "$t $n/" "./$g"* 2>/dev/null; true; }); r=$?;;
  D) (cd "$f" 2>&1 && for g in *; do if [ -f "$g" ]; then printf "%s/\000" "$g"; fi; done); r=$?;;
  G) (IFS=""; for g in $f; do if [ -f "$g" ]; then printf "%s\000" "$g"; fi; done);;
  P) if [ -h "$f" ]; then a=link; else a=name; fi; printf "%s " "$a"; readlink -f "$f" 2>/dev/null || printf "%s\n" "$f";;
  *) r=2;;
  esac;
  printf "\n%s %s\n" "$mark" "$r";
done;
