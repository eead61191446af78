/// The buffer that every session of one event loop reads channel data into.
final class Scratch {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)

    deinit { bytes.deallocate() }
}
