#!/bin/sh
# Installs the TeX that the paper needs where it is missing and may be
# installed: with apt-get, as root or by a sudo that asks for no password.
# It never fails, because the paper is written as HTML in any case.
set -u
packages='latexmk lmodern texlive-latex-recommended texlive-pictures'

complete() {
	command -v latexmk && command -v pdflatex && kpsewhich lmodern.sty && kpsewhich pgfplots.sty
} >/dev/null 2>&1

html_only() {
	echo "$1: going on with HTML only"
	exit 0
}

if complete; then
	echo 'TeX is there'
	exit 0
fi
command -v apt-get >/dev/null || html_only 'TeX is missing, and so is apt-get'
if [ "$(id -u)" -eq 0 ]; then
	root=
elif sudo -n true 2>/dev/null; then
	root='sudo -n'
else
	html_only "TeX is missing and installing needs root (apt-get install $packages)"
fi

echo "installing TeX: $packages"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
	$root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1 </dev/null
}
apt update
apt install --no-install-recommends $packages
complete || html_only "TeX could not be installed ($(grep '^E:' "$log" | head -n 1))"
