# Makes the manual page of the configuration from the commented sample, so that the two are one text.
# awk -f config_manual.awk config/tipring.toml > tipring.toml.5

# Words of a description; each sentence begins a line, as roff wants it.
function print_text(   i, all) {
  all = line[1]
  for (i = 2; i <= lines; i++) all = all " " line[i]
  gsub(/\\/, "\\e", all)
  gsub(/\. /, ".\n", all)
  print (all ~ /^[.']/ ? "\\&" : "") all
}

# One item: the keys that share a description, then the description.
function end_item(   i) {
  if (keys > 0 && !listing) {
    print ".Bl -tag -width Ds"
    listing = 1
  }
  for (i = 1; i <= keys; i++) print ".It Li \"" key[i] "\""
  if (lines > 0 && (section == "" || keys > 0)) print_text()
  keys = lines = 0
}

function end_section() {
  end_item()
  if (listing) print ".El"
  listing = 0
}

BEGIN {
  print ".Dd November 21, 2026\n.Dt TIPRING.TOML 5\n.Os Tipring\n.Sh NAME"
  print ".Nm tipring.toml\n.Nd configuration of the Tipring telephone exchange\n.Sh DESCRIPTION"
}

/^\[/ {
  end_section()
  section = $0
  print ".Ss " section
  next
}
/^#[a-z_]+ = / {
  value = substr($0, 2)
  gsub(/\\/, "\\e", value)
  gsub(/"/, "\"\"", value)
  key[++keys] = value
  next
}
/^#/ {
  if (keys > 0) end_item()
  line[++lines] = substr($0, 3)
  next
}
# A description may have keys after an empty line; keys end it.
/^$/ && (keys > 0 || section == "") { end_item() }

END {
  end_section()
  print ".Sh FILES\n.Bl -tag -width Ds\n.It Pa /etc/tipring/tipring.toml\nOf the packaged server.\n.El"
  print ".Sh SEE ALSO\n.Xr tipringctl 1 ,\n.Xr tipringd 8"
}
