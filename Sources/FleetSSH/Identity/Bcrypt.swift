internal import Crypto

/// OpenBSD's bcrypt_pbkdf, with which OpenSSH turns a passphrase into a key.
enum Bcrypt {
    /// So many bytes of key.
    static func key(passphrase: [UInt8], salt: [UInt8], rounds: UInt32, count: Int) -> [UInt8] {
        let stride = (count + 31) / 32
        let pass = Array(SHA512.hash(data: passphrase))
        var key = [UInt8](repeating: 0, count: count)
        for block in 1...max(stride, 1) {
            let output = self.block(UInt32(block), pass: pass, salt: salt, rounds: rounds)
            for (offset, byte) in output.enumerated() {
                let place = offset * stride + block - 1
                if place < count { key[place] = byte }
            }
        }
        return key
    }

    private static func block(_ number: UInt32, pass: [UInt8], salt: [UInt8], rounds: UInt32) -> [UInt8] {
        var writer = WireWriter()
        writer.integer(number)
        var last = hash(pass, Array(SHA512.hash(data: salt + writer.bytes)))
        var output = last
        for _ in 1..<max(rounds, 1) {
            last = hash(pass, Array(SHA512.hash(data: last)))
            for place in output.indices { output[place] ^= last[place] }
        }
        return output
    }

    private static func hash(_ pass: [UInt8], _ salt: [UInt8]) -> [UInt8] {
        var cipher = Blowfish()
        let (key, data) = (Blowfish.words(pass), Blowfish.words(salt))
        cipher.expand(key: key, data: data)
        for _ in 0..<64 {
            cipher.expand(key: data, data: [0])
            cipher.expand(key: key, data: [0])
        }
        var words = Blowfish.words(Array("OxychromaticBlowfishSwatDynamite".utf8))
        for _ in 0..<64 {
            for pair in Swift.stride(from: 0, to: words.count, by: 2) {
                (words[pair], words[pair + 1]) = cipher.encrypted(words[pair], words[pair + 1])
            }
        }
        return words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
    }
}

/// The Blowfish cipher, as far as bcrypt needs it.
struct Blowfish {
    /// 18 round keys, then four tables of 256 words.
    private var state = PiDigits.words

    /// Bytes as words, most significant byte first.
    static func words(_ bytes: [UInt8]) -> [UInt32] {
        stride(from: 0, to: bytes.count, by: 4).map { place in
            bytes[place..<(place + 4)].reduce(0) { $0 << 8 | UInt32($1) }
        }
    }

    /// Mixes a key into the round keys, and replaces everything by encryptions of the data, chained.
    mutating func expand(key: [UInt32], data: [UInt32]) {
        state.withUnsafeMutableBufferPointer { state in
            for round in 0..<18 { state[round] ^= key[round % key.count] }
            var (left, right, next) = (UInt32(0), UInt32(0), 0)
            for place in stride(from: 0, to: state.count, by: 2) {
                left ^= data[next % data.count]
                right ^= data[(next + 1) % data.count]
                next += 2
                (left, right) = Self.encrypted(left, right, UnsafeBufferPointer(state))
                state[place] = left
                state[place + 1] = right
            }
        }
    }

    /// One block.
    func encrypted(_ left: UInt32, _ right: UInt32) -> (UInt32, UInt32) {
        state.withUnsafeBufferPointer { Self.encrypted(left, right, $0) }
    }

    private static func encrypted(
        _ left: UInt32, _ right: UInt32, _ state: UnsafeBufferPointer<UInt32>
    ) -> (UInt32, UInt32) {
        var (left, right) = (left, right)
        for round in 0..<16 {
            left ^= state[round]
            let upper = state[18 + Int(left >> 24)] &+ state[274 + Int(left >> 16 & 0xff)]
            right ^= (upper ^ state[530 + Int(left >> 8 & 0xff)]) &+ state[786 + Int(left & 0xff)]
            (left, right) = (right, left)
        }
        return (right ^ state[17], left ^ state[16])
    }
}
