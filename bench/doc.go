// Package bench measures how fast mailhaul is, and what bounds it.
//
// A [Scenario] is a seeded workload on its way to a store. The simulated Graph that serves it runs in a process of its
// own and has made all responses before the clock starts; the exporter runs in another one, so that its CPU time and its
// peak memory are its own. Beside it run, in turns and over the same bytes:
//
//   - the baseline: what is written in an afternoon, with encoding/json, a zstd frame and a PUT for each item;
//   - the stages, each by itself on one core. The sum of what they cost is the floor: the CPU time below which no pipeline
//     that is made of these parts can go.
//
// Efficiency is the floor divided by the CPU time of the exporter. It is what is worth watching: absolute figures tell
// more of the machine than of the program.
//
// All bytes are those of FastTransfer streams, before base64 and compression, unless a name says otherwise. A GB is 10⁹ of
// them.
package bench
