#!/usr/bin/env bash
#
# Runs the tests of the AVX-512 kernels on a machine that has no AVX-512: a
# small Linux guest inside Bochs, which interprets AVX-512 (F, BW, DQ, VL,
# VNNI) instruction by instruction. It shows that the kernels compute the right
# values; it says nothing about their speed.
#
#   scripts/emulate-avx512.sh TEST_BINARY [ARGUMENT...]
#
# or, for a whole package at once,
#
#   export CGO_ENABLED=0 GOEXPERIMENT=nogreenteagc
#   go test -exec "$PWD/scripts/emulate-avx512.sh" ./internal/kernel -short
#
# TEST_BINARY is a static linux/amd64 program (go test -c with the same two
# variables). Go's default garbage collector is itself written in AVX-512 and
# uses GF2P8AFFINEQB, which Bochs 2.7 computes inverted: it would free memory
# that is in use. nogreenteagc builds with the collector before it.
#
# The program runs as root on one processor, in a folder that holds a copy of
# its package's testdata: the current folder's, as under go test -exec, or else
# that of the package named in the binary. BITNET_* variables, GODEBUG and
# GOMAXPROCS reach it. What it prints (both streams, as one) appears as it is
# printed, and its exit code is the script's. The boot takes about 20 seconds;
# then a core does some 40 million plain instructions a second, 6 million
# VPDPBUSD or 2 million VFMADD231PS of 512 bits.
#
# The script's own failures: 2 for a wrong call or a missing package, 124 when
# BITNET_EMULATOR_TIMEOUT seconds (1800) have passed, 125 when the guest fails.
#
# Everything comes from Debian's packages. The guest's kernel is downloaded
# with apt-get, not installed, and kept in the user's cache folder.

set -euo pipefail

readonly time_limit=${BITNET_EMULATOR_TIMEOUT:-1800}
readonly cache=${XDG_CACHE_HOME:-$HOME/.cache}/bitnet-emulator
readonly kernel=$cache/vmlinuz

# A control character, so that no program's own output is taken for a mark.
readonly mark=$'\001'

fail() {
	local code=$1
	shift
	printf 'emulate-avx512: %s\n' "$*" >&2
	exit "$code"
}

check_packages() {
	local package missing=()
	for package in bochs bochsbios bochs-term busybox-static isolinux syslinux-common vgabios xorriso; do
		[[ $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
			missing+=("$package")
	done
	((${#missing[@]} == 0)) ||
		fail 2 "missing Debian packages: apt-get install --no-install-recommends ${missing[*]}"
}

# The cloud kernel is the smaller of Debian's two. Its package is only unpacked:
# installing it would build an initramfs and touch the boot loader.
fetch_kernel() {
	[[ -e $kernel ]] && return
	local package folder
	package=$(apt-cache depends linux-image-cloud-amd64 |
		awk '$1 == "Depends:" && $2 ~ /^linux-image-/ { print $2 }')
	[[ $package ]] || fail 2 'no package linux-image-cloud-amd64: run apt-get update'
	folder=$work/kernel
	mkdir -p "$folder" "$cache"
	(cd "$folder" && apt-get download "$package") >"$folder/log" 2>&1 ||
		fail 2 "cannot download $package: $(tail -n 1 "$folder/log")"
	dpkg-deb --extract "$folder"/*.deb "$folder/root"
	cp "$folder"/root/boot/vmlinuz-* "$kernel.$$"
	mv "$kernel.$$" "$kernel"
}

# Other than Go programs are let through.
check_collector() {
	local version
	version=$(go version -m "$1" 2>/dev/null) || return 0
	[[ $version == *GOEXPERIMENT=*nogreenteagc* ]] ||
		fail 2 "$1: its garbage collector fails in the guest: build it with GOEXPERIMENT=nogreenteagc"
}

# Prints the testdata folder that the test binary would find under go test, or
# nothing when there is none.
testdata_of() {
	local package folder
	if [[ -d testdata ]]; then
		echo testdata
		return
	fi
	package=$(go version -m "$1" 2>/dev/null |
		awk '$1 == "path" { sub(/\.test$/, "", $2); print $2 }') || return 0
	[[ $package ]] || return 0
	folder=$(go list -f '{{.Dir}}' "$package" 2>/dev/null) || return 0
	[[ ! -d $folder/testdata ]] || echo "$folder/testdata"
}

# Lays out the guest's root folder. Everything lives in the initramfs, so the
# guest needs no driver for a disk.
make_root() {
	local root=$1 binary=$2 testdata name
	shift 2
	mkdir -p "$root"/{bin,dev,proc,sys,tmp,package}
	cp /bin/busybox "$root/bin/busybox"
	cp "$binary" "$root/program"
	chmod 755 "$root/program"
	testdata=$(testdata_of "$binary")
	[[ -z $testdata ]] || cp -rL "$testdata" "$root/package/testdata"
	{
		echo '#!/bin/busybox sh'
		echo '/bin/busybox --install -s /bin'
		echo 'mount -t devtmpfs dev /dev'
		echo 'mount -t proc proc /proc'
		echo 'mount -t sysfs sys /sys'
		echo 'ip link set lo up'
		echo 'stty -onlcr'
		echo 'export PATH=/bin HOME=/tmp TMPDIR=/tmp'
		for name in "${!BITNET_@}" GODEBUG GOMAXPROCS; do
			[[ -z ${!name:-} ]] || echo "export $name=${!name@Q}"
		done
		echo 'cd /package'
		echo "printf '${mark}begin\n'"
		echo "/program ${*@Q}"
		echo "printf '${mark}exit %d\n' \$?"
		echo 'stty onlcr' # waits until the serial line has sent everything
		echo 'reboot -f'
	} >"$root/init"
	chmod 755 "$root/init"
}

# The first two lines of kernel parameters only shorten the boot: the self-tests
# of the kernel's ciphers and the reading of its certificates take longer than
# everything else. The rest is needed:
#   tsc_early_khz      one cycle an instruction, as in bochsrc; by its name the
#                      processor would have thirty times as many
#   acpi=off pci=off   the machine below has neither
#   clearcpuid         Bochs 2.7 describes the XSAVE areas of protection keys
#                      and of the compacted format wrongly, at which Linux turns
#                      AVX off; and it has fast short REP MOVSB without fast REP
#                      MOVSB, a pair for which Linux's memmove has no branch
#   reboot, panic      end in a triple fault, which ends Bochs
make_image() {
	local image=$1 folder=$2
	mkdir -p "$folder"
	(cd "$work/root" && find . | busybox cpio -o -H newc) >"$folder/initrd" 2>/dev/null
	cp "$kernel" "$folder/vmlinuz"
	cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 "$folder"
	local parameters=(
		nosmp nokaslr mitigations=off idle=halt lpj=100000 random.trust_cpu=on
		cryptomgr.notests initcall_blacklist=load_system_certificate_list
		console=ttyS0,115200 loglevel=3 tsc=reliable tsc_early_khz=50000
		acpi=off pci=off clearcpuid=pku,ospke,xsavec,xsaves,fsrm
		reboot=t,force panic=-1
	)
	cat >"$folder/isolinux.cfg" <<-END
		default guest
		prompt 0
		label guest
		kernel vmlinuz
		initrd initrd
		append ${parameters[*]}
	END
	xorriso -as mkisofs -quiet -o "$image" -b isolinux.bin -c boot.cat \
		-no-emul-boot -boot-load-size 4 -boot-info-table "$folder" 2>/dev/null
}

# PCI is off because Bochs 2.7 in Debian 12 aborts on its slots; sound is a
# dummy because the default needs a sound card.
configure_bochs() {
	cat >"$work/bochsrc" <<-END
		cpu: model=corei7_icelake_u, count=1, ips=50000000, reset_on_triple_fault=0
		clock: sync=none
		megs: 1024
		romimage: file=/usr/share/bochs/BIOS-bochs-latest, options=fastboot
		vgaromimage: file=/usr/share/vgabios/vgabios.bin
		display_library: term
		sound: driver=dummy
		pci: enabled=0
		ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
		ata0-master: type=cdrom, path=$work/image.iso, status=inserted
		boot: cdrom
		com1: enabled=1, mode=file, dev=/dev/fd/3
		log: $work/bochs.log
		panic: action=fatal
		error: action=ignore
		info: action=ignore
	END
	# Debian's Bochs has its debugger built in, which waits for this command.
	echo continue >"$work/debugger"
}

# Copies the program's output until its exit code is there, and sets exit_code to
# it, or to 124 when the time is up. The exit mark may stand behind a last line
# that the program did not end.
follow() {
	local line boot='' begun='' left
	while left=$((time_limit - SECONDS)) && ((left > 0)); do
		if ! IFS= read -r -t "$left" line && [[ ! $line ]]; then
			((SECONDS < time_limit)) || break
			[[ $begun ]] || printf '%s' "$boot" >&2
			return
		fi
		if [[ ! $begun ]]; then
			boot+=$line$'\n'
			[[ $line != *"${mark}begin"* ]] || begun=yes
		elif [[ $line =~ ^(.*)"${mark}exit "([0-9]+)$ ]]; then
			printf '%s' "${BASH_REMATCH[1]}"
			exit_code=${BASH_REMATCH[2]}
			return
		else
			printf '%s\n' "$line"
		fi
	done
	exit_code=124
	printf 'emulate-avx512: stopped after %d seconds\n' "$time_limit" >&2
}

# Bochs does not end at a milder signal.
clean_up() {
	if [[ $emulator ]]; then
		kill -KILL "$emulator" || true
		wait "$emulator" || true
	fi 2>/dev/null
	rm -rf "$work"
}

main() {
	(($# > 0)) || fail 2 'usage: emulate-avx512.sh TEST_BINARY [ARGUMENT...]'
	[[ -f $1 ]] || fail 2 "$1: no such file"
	check_packages
	check_collector "$1"

	work=$(mktemp -d) emulator=''
	trap clean_up EXIT
	trap 'exit 130' INT QUIT TERM

	fetch_kernel
	make_root "$work/root" "$@"
	make_image "$work/image.iso" "$work/iso"
	configure_bochs

	# Even if this script is killed, Bochs does not outlive it.
	mkfifo "$work/serial"
	TERM=${TERM:-dumb} setpriv --pdeathsig KILL bochs-bin -q -f "$work/bochsrc" -rc "$work/debugger" \
		3>"$work/serial" </dev/null >"$work/bochs.out" 2>&1 &
	emulator=$!
	local exit_code=''
	follow <"$work/serial"
	[[ $exit_code ]] ||
		fail 125 "the guest ended without an exit code: $(tail -n 1 "$work/bochs.log" 2>/dev/null)"
	exit "$exit_code"
}

main "$@"
