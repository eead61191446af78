/// A call of which a session can have one at a time: handshake, authentication, opening a channel.
struct ControlOperation {
    /// Makes the call, with the same arguments every time; `LIBSSH2_ERROR_EAGAIN` asks to be called again.
    var attempt: () -> Int32
    /// Told the code that the call ended with.
    var finish: (Int32) -> Void
    /// Whether the next operation may begin before this one is answered; the answers come in their order.
    var admitsNext: () -> Bool = { false }
}
