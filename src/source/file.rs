//! Capture files: pcap and pcapng, gzipped or not. (Read and write.)
