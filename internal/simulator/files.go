package simulator

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// files takes and gives files without keeping them: of an upload it answers the
// size and the hash, and a download is made as it is read.

// maxDownload bounds the size of a download, in bytes.
const maxDownload = 4 << 30

func uploadFile(w http.ResponseWriter, r *http.Request) {
	hash := sha256.New()
	fields := jsonx.NewBuilder(4)
	name, size := "", int64(0)
	if parts, err := r.MultipartReader(); err == nil {
		for {
			part, err := parts.NextPart()
			if err != nil {
				break
			}
			if part.FileName() == "" {
				value, _ := io.ReadAll(io.LimitReader(part, maxBody))
				fields.Set(part.FormName(), jsonx.StringValue(string(value)))
				continue
			}
			name = part.FileName()
			size, _ = io.Copy(hash, part)
		}
	} else {
		size, _ = io.Copy(hash, r.Body)
	}
	reply(w, http.StatusCreated, jsonx.ObjectValue(
		jsonx.Member{Name: "id", Value: jsonx.StringValue("F-0001")},
		jsonx.Member{Name: "name", Value: jsonx.StringValue(name)},
		jsonx.Member{Name: "content_type", Value: jsonx.StringValue(r.Header.Get("Content-Type"))},
		jsonx.Member{Name: "size", Value: jsonx.IntValue(size)},
		jsonx.Member{Name: "sha256", Value: jsonx.StringValue(hex.EncodeToString(hash.Sum(nil)))},
		jsonx.Member{Name: "fields", Value: fields.Value()},
	))
}

// downloadFile gives a file of as many bytes as its id says.
func downloadFile(w http.ResponseWriter, r *http.Request) {
	size, err := strconv.ParseInt(r.PathValue("size"), 10, 64)
	if err != nil || size < 0 || size > maxDownload {
		refuse(w, http.StatusNotFound, "not_found", "the id of a file is its size in bytes")
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", `attachment; filename="file.bin"`)
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	chunk := make([]byte, 64<<10)
	for i := range chunk {
		chunk[i] = byte(i)
	}
	for size > 0 {
		n, err := w.Write(chunk[:min(int64(len(chunk)), size)])
		if err != nil {
			return
		}
		size -= int64(n)
	}
}
