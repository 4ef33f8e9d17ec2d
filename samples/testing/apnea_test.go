// What a test of a Go program looks like: go test apnea_test.go
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

func TestApneaIsDetected(t *testing.T) {
	rig := startRig(t, "--scenario", "apnea", "--seed", "3", "--speed", "10")

	// Here your program would be started, with rig.Redis and rig.Prefix, and asked whether it rang.
	if err := awaitApnea(rig); err != nil {
		t.Fatal(err)
	}
}

// Rig is where everything is; the line has more than these.
type Rig struct {
	Redis            string `json:"redis"`
	PhysiologyServer string `json:"physiology_server"`
	Exporter         string `json:"exporter"`
	Prefix           string `json:"prefix"`
}

// startRig runs a rig until the test is over; PYTHON is the interpreter with vitalrig[testing].
func startRig(t *testing.T, options ...string) Rig {
	t.Helper()
	python := os.Getenv("PYTHON")
	if python == "" {
		python = "python3"
	}
	command := exec.Command(python, append([]string{"-m", "vitalrig.testing", "serve"}, options...)...)
	command.Stderr = os.Stderr
	// It ends with its standard input, also when this program is killed.
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		input.Close()
		if err := command.Wait(); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	line, err := bufio.NewReader(output).ReadBytes('\n')
	if err != nil {
		t.Fatalf("the rig is not ready: %v", err)
	}
	var rig Rig
	if err := json.Unmarshal(line, &rig); err != nil {
		t.Fatal(err)
	}
	return rig
}

// awaitApnea reads the durable stream of the rig's camera until an apnea is in it.
func awaitApnea(rig Rig) error {
	address, err := url.Parse(rig.Redis)
	if err != nil {
		return err
	}
	redis, err := net.Dial("tcp", address.Host)
	if err != nil {
		return err
	}
	defer redis.Close()
	answers := bufio.NewReader(redis)
	stream, last := rig.Prefix+":envelopes", "0"
	for {
		send(redis, "XREAD", "COUNT", "100", "BLOCK", "1000", "STREAMS", stream, last)
		answer, err := receive(answers)
		if err != nil {
			return err
		}
		// One stream, its name and its entries; each has an id, and fields with their values.
		streams, _ := answer.([]any)
		if len(streams) == 0 {
			continue // nothing came for a second
		}
		for _, each := range streams[0].([]any)[1].([]any) {
			entry := each.([]any)
			last = entry[0].(string)
			fields := entry[1].([]any)
			for i := 0; i < len(fields); i += 2 {
				if fields[i] == "envelope" && hasApnea(fields[i+1].(string)) {
					return nil
				}
			}
		}
	}
}

func hasApnea(text string) bool {
	var envelope struct {
		Type    string `json:"type"`
		Payload struct {
			Breathing struct {
				Apnea []struct {
					Detected bool `json:"detected"`
				} `json:"apnea"`
			} `json:"breathing"`
		} `json:"payload"`
	}
	// What is of another shape is another type of envelope.
	if json.Unmarshal([]byte(text), &envelope) != nil || envelope.Type != "core_metrics" {
		return false
	}
	for _, sample := range envelope.Payload.Breathing.Apnea {
		if sample.Detected {
			return true
		}
	}
	return false
}

func send(redis io.Writer, words ...string) {
	var command strings.Builder
	fmt.Fprintf(&command, "*%d\r\n", len(words))
	for _, word := range words {
		fmt.Fprintf(&command, "$%d\r\n%s\r\n", len(word), word)
	}
	io.WriteString(redis, command.String()) // an error is one of the answer as well
}

// receive reads one answer: a string, a number, a list of answers, or nil.
func receive(answers *bufio.Reader) (any, error) {
	line, err := answers.ReadString('\n')
	if err != nil {
		return nil, err
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" || line[0] == '-' {
		return nil, fmt.Errorf("Redis says %q", line)
	}
	if line[0] == '+' {
		return line[1:], nil
	}
	number, err := strconv.Atoi(line[1:])
	if err != nil || line[0] == ':' {
		return number, err
	}
	if number < 0 {
		return nil, nil
	}
	if line[0] == '$' {
		text := make([]byte, number+2)
		if _, err := io.ReadFull(answers, text); err != nil {
			return nil, err
		}
		return string(text[:number]), nil
	}
	list := make([]any, number)
	for i := range list {
		if list[i], err = receive(answers); err != nil {
			return nil, err
		}
	}
	return list, nil
}
