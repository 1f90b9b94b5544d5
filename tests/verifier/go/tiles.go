package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// published is a log as static files below a folder, or below an address.
type published struct {
	base string
}

func (log published) Height() int { return 8 }

func (log published) SaveTiles(tiles []tlog.Tile, data [][]byte) {}

// ReadTiles returns tiles under their C2SP names, which do not tell the height.
func (log published) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range tiles {
		data, err := log.read(strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

func (log published) read(name string) ([]byte, error) {
	if !strings.HasPrefix(log.base, "http") {
		return os.ReadFile(log.base + "/" + name)
	}
	response, err := http.Get(log.base + "/" + name)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", name, response.Status)
	}
	return io.ReadAll(response.Body)
}

// readEntries returns all entries, from bundles of up to 256 with their lengths before them.
func (log published) readEntries(size int64) (entries [][]byte) {
	for number := int64(0); number*256 < size; number++ {
		tile := tlog.Tile{H: 8, L: -1, N: number, W: 256}
		if size-number*256 < 256 {
			tile.W = int(size - number*256)
		}
		data, err := log.read(strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1))
		check(err)
		for reader := bytes.NewReader(data); reader.Len() > 0; {
			var length uint16
			check(binary.Read(reader, binary.BigEndian, &length))
			entry := make([]byte, length)
			_, err := io.ReadFull(reader, entry)
			check(err)
			entries = append(entries, entry)
		}
	}
	return entries
}

// checkTiles computes the root from the tiles, and a proof of every entry.
func checkTiles(base, vkey string) {
	log := published{base}
	checkpoint, err := log.read("checkpoint")
	check(err)
	size, root := open(checkpoint, vkey)
	reader := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, log)
	computed, err := tlog.TreeHash(size, reader)
	check(err)
	entries := log.readEntries(size)
	if computed != root || int64(len(entries)) != size {
		check(fmt.Errorf("%d entries and a root %s of %d with %s", len(entries), computed, size, root))
	}
	for index, entry := range entries {
		path, err := tlog.ProveRecord(size, int64(index), reader)
		check(err)
		check(tlog.CheckRecord(path, size, root, int64(index), tlog.RecordHash(entry)))
	}
	fmt.Println(size)
}
