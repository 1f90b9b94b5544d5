package main

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"os"
	"strings"
)

// readZip returns the members of a bundle, byte for byte as RMOS writes it: nothing packed, hidden or twice.
func readZip(data []byte) map[string][]byte {
	members := map[string][]byte{}
	var central bytes.Buffer
	at, last := 0, ""
	for len(data) >= at+30 && string(data[at:at+4]) == "PK\x03\x04" {
		size := int(binary.LittleEndian.Uint32(data[at+22:]))
		length := int(binary.LittleEndian.Uint16(data[at+26:]))
		if size > len(data) || at+30+length+size > len(data) {
			check(fmt.Errorf("the ZIP ends within a member"))
		}
		name := string(data[at+30 : at+30+length])
		body := data[at+30+length : at+30+length+size]
		var head bytes.Buffer
		write(&head, []uint16{20, 0, 0, 0, 33}, []uint32{crc32.ChecksumIEEE(body), uint32(size), uint32(size)},
			[]uint16{uint16(length), 0})
		if !bytes.Equal(data[at+4:at+30], head.Bytes()) || name <= last {
			check(fmt.Errorf("%q is damaged", name))
		}
		central.WriteString("PK\x01\x02\x14\x03")
		central.Write(head.Bytes())
		write(&central, []uint16{0, 0, 0}, []uint32{0o100644 << 16, uint32(at)})
		central.WriteString(name)
		members[name], last, at = body, name, at+30+length+size
	}
	start, count := central.Len(), uint16(len(members))
	central.WriteString("PK\x05\x06")
	write(&central, []uint16{0, 0, count, count}, []uint32{uint32(start), uint32(at)}, []uint16{0})
	if !bytes.Equal(data[at:], central.Bytes()) {
		check(fmt.Errorf("the ZIP was packed anew"))
	}
	return members
}

func write(target *bytes.Buffer, parts ...interface{}) {
	for _, part := range parts {
		check(binary.Write(target, binary.LittleEndian, part))
	}
}

// checkZip checks a bundle as it was given out: every file against its line, every line against the one checkpoint.
func checkZip(path, vkey string) {
	data, err := os.ReadFile(path)
	check(err)
	members := readZip(data)
	left := len(members) - 4
	for _, name := range []string{"README.txt", "SHA256SUMS", "checkpoint", "verifier-key"} {
		if _, there := members[name]; !there {
			check(fmt.Errorf("%s is missing", name))
		}
	}
	for _, line := range strings.SplitAfter(strings.TrimSuffix(string(members["SHA256SUMS"]), "\n"), "\n") {
		if len(line) < 67 {
			check(fmt.Errorf("SHA256SUMS has a line that is none"))
		}
		key := strings.TrimSuffix(line[66:], "\n")
		_, checkpoint, _ := bytes.Cut(members[key+".tlog-proof"], []byte("\n\n"))
		if !bytes.Equal(checkpoint, members["checkpoint"]) {
			check(fmt.Errorf("the proof of %s is under another checkpoint", key))
		}
		checkEntry(strings.TrimSuffix(line, "\n")+"\n", key, members[key+".tlog-proof"], vkey)
		left--
		if body, there := members[key]; there {
			digest := sha256.Sum256(body)
			if hex.EncodeToString(digest[:]) != line[:64] {
				check(fmt.Errorf("%s was changed", key))
			}
			left--
		}
	}
	if left != 0 {
		check(fmt.Errorf("the bundle holds what no line names"))
	}
}

// judgeSignatures reads key, message and signature as hex, one vector a line, and prints whether each holds.
func judgeSignatures() {
	for scanner := bufio.NewScanner(os.Stdin); scanner.Scan(); {
		var parts [3][]byte
		for place, text := range strings.Split(scanner.Text(), ":") {
			part, err := hex.DecodeString(text)
			check(err)
			parts[place] = part
		}
		fmt.Println(ed25519.Verify(parts[0], parts[1], parts[2]))
	}
}
