// Reads what RMOS writes with golang.org/x/mod and nothing of RMOS.
//
//	main bundle FOLDER VKEY          every proof of an unpacked bundle
//	main zip FILE VKEY               the same of a bundle as it was given out, and its files
//	main signatures < lines          whether signatures hold: key, message and signature as hex
//	main tree VKEY < lines           that a log grew: old and new checkpoint, and the proof between them
//	main tiles FOLDER_OR_URL VKEY    the tiles and entries of a whole log
//	main roots COUNT                 the roots of all sizes up to COUNT, the n-th leaf being "n\n"
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func parseHash(text string) tlog.Hash {
	hash, err := tlog.ParseHash(text)
	check(err)
	return hash
}

// open returns the size and the root of a checkpoint that the key signed.
func open(data []byte, vkey string) (int64, tlog.Hash) {
	verifier, err := note.NewVerifier(vkey)
	check(err)
	signed, err := note.Open(data, note.VerifierList(verifier))
	check(err)
	lines := strings.Split(signed.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		check(fmt.Errorf("no checkpoint of %s: %q", verifier.Name(), signed.Text))
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err)
	return size, parseHash(lines[2])
}

func checkBundle(folder, vkey string) {
	sums, err := os.ReadFile(filepath.Join(folder, "SHA256SUMS"))
	check(err)
	for _, line := range strings.SplitAfter(strings.TrimSuffix(string(sums), "\n"), "\n") {
		line = strings.TrimSuffix(line, "\n") + "\n"
		key := strings.TrimSuffix(line[66:], "\n")
		proof, err := os.ReadFile(filepath.Join(folder, key+".tlog-proof"))
		check(err)
		checkEntry(line, key, proof, vkey)
	}
}

// checkEntry checks the proof of one line, and prints where it stands in the log.
func checkEntry(line, key string, proof []byte, vkey string) {
	head, checkpoint, _ := bytes.Cut(proof, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "index ") {
		check(fmt.Errorf("%s has no proof", key))
	}
	index, err := strconv.ParseInt(lines[1][6:], 10, 64)
	check(err)
	var path tlog.RecordProof
	for _, text := range lines[2:] {
		path = append(path, parseHash(text))
	}
	size, root := open(checkpoint, vkey)
	check(tlog.CheckRecord(path, size, root, index, tlog.RecordHash([]byte(line))))
	fmt.Printf("%d %d %s\n", index, size, key)
}

// checkGrowth reads two checkpoints as base64 and then the hashes of the proof, one a line.
func checkGrowth(vkey string) {
	var lines []string
	for scanner := bufio.NewScanner(os.Stdin); scanner.Scan(); {
		lines = append(lines, scanner.Text())
	}
	older, err := base64.StdEncoding.DecodeString(lines[0])
	check(err)
	newer, err := base64.StdEncoding.DecodeString(lines[1])
	check(err)
	oldSize, oldRoot := open(older, vkey)
	size, root := open(newer, vkey)
	var path tlog.TreeProof
	for _, text := range lines[2:] {
		path = append(path, parseHash(text))
	}
	check(tlog.CheckTree(path, size, root, oldSize, oldRoot))
	fmt.Println(oldSize, size)
}

func printRoots(count int64) {
	var hashes []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for at, index := range indexes {
			found[at] = hashes[index]
		}
		return found, nil
	})
	for size := int64(0); size <= count; size++ {
		root, err := tlog.TreeHash(size, reader)
		check(err)
		fmt.Println(root)
		more, err := tlog.StoredHashes(size, []byte(fmt.Sprintf("%d\n", size)), reader)
		check(err)
		hashes = append(hashes, more...)
	}
}

func main() {
	switch os.Args[1] {
	case "bundle":
		checkBundle(os.Args[2], os.Args[3])
	case "zip":
		checkZip(os.Args[2], os.Args[3])
	case "signatures":
		judgeSignatures()
	case "tree":
		checkGrowth(os.Args[2])
	case "tiles":
		checkTiles(os.Args[2], os.Args[3])
	case "roots":
		count, err := strconv.ParseInt(os.Args[2], 10, 64)
		check(err)
		printRoots(count)
	}
}
